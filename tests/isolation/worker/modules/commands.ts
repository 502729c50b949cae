/** Does what the frames say, one command each, and tells the server. */
import type { Batch, Handler, HandlerContext } from "../../../../mod.ts";

const COMMANDS: Record<
  string,
  (arg: string, context: HandlerContext, batch: Batch) => unknown
> = {
  say: (arg) => arg,
  throw: (arg) => {
    throw new TypeError(arg);
  },
  uncaught: (arg) => {
    setTimeout(() => {
      throw new Error(arg);
    });
    return new Promise(() => {});
  },
  reject: (arg) => {
    Promise.reject(new Error(arg));
    return new Promise(() => {});
  },
  hang: () => new Promise(() => {}),
  exit: () => Deno.exit(3),
  spin: (ms) => {
    const end = performance.now() + Number(ms);
    while (performance.now() < end);
    return "spun";
  },
  stats: (name, context) => context.stats()[name as "frames"],
  aborted: (_, { signal }) =>
    new Promise((resolve) => {
      // It may have come before this did.
      if (signal.aborted) resolve("aborted");
      signal.addEventListener("abort", () => resolve("aborted"));
    }),
  flood: async (count, context) => {
    const writes = Array.from({ length: Number(count) }, () => context.write("x".repeat(1000)));
    const ends = await Promise.allSettled(writes);
    const refused = ends.filter((end) => end.status === "rejected");
    return `refused ${refused.length > 0} ${refused[0]?.reason.name}`;
  },
  close: (arg) => {
    closeError = arg;
    return "noted";
  },
  fill: (value, _, batch) => {
    new Uint8Array(batch.bytes.buffer).fill(Number(value));
  },
  fillForever: (ms, _, batch) => {
    const memory = new Uint8Array(batch.bytes.buffer);
    const end = performance.now() + Number(ms);
    while (performance.now() < end) memory.fill(0xff);
  },
};

let closeError: string | undefined;

export default {
  async open(context) {
    await context.write("open\n");
  },
  async batch(batch, context) {
    for (let i = 0; i < batch.count; i++) {
      const [command, arg = ""] = batch.text(i).split(" ");
      const said = await COMMANDS[command]?.(arg, context, batch);
      if (said !== undefined) await context.write(`${said}\n`);
    }
  },
  close() {
    if (closeError !== undefined) throw new Error(closeError);
  },
} satisfies Handler;
