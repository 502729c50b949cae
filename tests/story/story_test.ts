/**
 * The story against a server in C, where kernel buffers are small: the same
 * handler behind a naive client and behind Spillway. The server's log says who
 * was cut off. Linux only, with namespaces and a C compiler.
 */
import { assert, assertEquals } from "@std/assert";
import { calibrate, FrameHandler } from "../../cli/demo/handler.ts";
import type { ClientMessage, ClientTask, Ending } from "../../cli/demo/messages.ts";
import { type Netns, openNetns } from "../servers/netns.ts";

const FRAMES = 15_000;
const PAYLOAD_BYTES = 60;
/** A frame takes at least two times longer to handle than it takes until the next is due. */
const COST_US = 200;
const BURST = { frames: 100, everyMs: 5 };
/** A third of a burst that is not read, more than the kernel's buffers and less than all of it. */
const QUEUE_BYTES = 300_000;

/** Where the clients are: those of the demo. */
const clientFile = (name: string): string =>
  new URL(`../../cli/demo/${name}.ts`, import.meta.url).pathname;

/** Why the story can't be played here; `undefined` if it can. */
async function missing(): Promise<string | undefined> {
  try {
    await new Deno.Command("cc", { args: ["--version"], stdout: "null" }).output();
  } catch {
    return "there is no C compiler";
  }
  const netns = await openNetns();
  if (typeof netns === "string") return netns;
  await netns[Symbol.asyncDispose]();
  return undefined;
}

const reason = await missing();
if (reason !== undefined) console.log(`skipped: the story in C, ${reason}`);

/** The payloads story.c pushes. */
function* payloads(): Generator<Uint8Array> {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  for (let i = 0; i < FRAMES; i++) {
    payload.fill("a".charCodeAt(0) + i % 26);
    new DataView(payload.buffer).setUint32(0, i);
    yield payload;
  }
}

/** The server's log and how the client ended. */
interface Outcome {
  log: Record<string, unknown>[];
  ending: Ending;
}

/** Compiles the server into `directory`. */
async function compile(directory: string): Promise<string> {
  const binary = `${directory}/story`;
  const source = new URL("../servers/story.c", import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command("cc", { args: ["-O2", "-o", binary, source] })
    .output();
  assert(success, new TextDecoder().decode(stderr));
  return binary;
}

/** One client against a server of its own. */
async function play(netns: Netns, server: string, name: string, rounds: number): Promise<Outcome> {
  const args = ["--payload", `${PAYLOAD_BYTES}`, "--frames", `${FRAMES}`];
  args.push("--burst", `${BURST.frames}`, "--every-ms", `${BURST.everyMs}`);
  args.push("--max-queue", `${QUEUE_BYTES}`);
  const serving = netns.command(server, { args, stdout: "piped" }).spawn();
  const serverLines = lines(serving.stdout);
  const { port } = JSON.parse((await serverLines.next()).value ?? "{}");
  const task: ClientTask = { port, rounds, bufferBytes: 16 * 256 * 1024 };
  const client = netns.command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-config", "--no-lock", `--allow-net=127.0.0.1:${port}`],
      ...[clientFile(name), JSON.stringify(task)],
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  let ending: Ending | undefined;
  const input = client.stdin.getWriter();
  for await (const line of lines(client.stdout)) {
    const message: ClientMessage = JSON.parse(line);
    if (message.type === "ready") await input.write(new TextEncoder().encode("go\n"));
    if (message.type === "end") ending = message;
  }
  await input.close();
  const log: Record<string, unknown>[] = [];
  for await (const line of serverLines) log.push(JSON.parse(line));
  const [{ success }] = await Promise.all([client.status, serving.status]);
  assert(success && ending !== undefined, `${name} ended before it said how`);
  return { log, ending };
}

/** Lines of text. */
async function* lines(output: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  return undefined;
}

Deno.test({
  name: "the naive client is cut off, Spillway with the same handler is not",
  ignore: reason !== undefined,
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const server = await compile(directory);
    const netns = await openNetns();
    if (typeof netns === "string") throw new Error(netns);
    await using _ = netns;
    const rounds = calibrate(new Uint8Array(PAYLOAD_BYTES), COST_US);

    const naive = await play(netns, server, "naive", rounds);
    const cut = naive.log.at(-1) ?? {};
    assertEquals([cut.type, cut.reason, cut.how], ["cut", "queue_overrun", "rst"]);
    assertEquals(naive.ending.code, "ECONNRESET");
    assertEquals(naive.ending.report.verdict.kind, "slow_consumer");
    assert(naive.ending.handled < Number(cut.framesDue));

    const spillway = await play(netns, server, "spillway", rounds);
    const finish = spillway.log.at(-1) ?? {};
    assertEquals([finish.type, finish.framesAccepted], ["finish", FRAMES]);
    assertEquals([spillway.ending.code, spillway.ending.handled], [undefined, FRAMES]);
    const expected = new FrameHandler(rounds);
    for (const payload of payloads()) expected.handle(payload);
    assertEquals(spillway.ending.checksum, expected.checksum);
    await Deno.remove(directory, { recursive: true });
  },
});
