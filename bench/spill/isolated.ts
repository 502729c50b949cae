/** The same as client.ts in isolated mode: reader, disk and handler in workers of their own. `JOB`, as JSON. */
import type { ClientEvent } from "../../mod.ts";
import { connectIsolated } from "../../isolation.ts";
import type { SpillJob, SpillRun } from "./client.ts";
import type { HeldCount } from "./hold_handler.ts";

/** What this program knows of a run; the handler, which nobody can ask, prints the rest before. */
export type IsolatedRun = Omit<SpillRun, keyof HeldCount>;

const LOOK_MS = 10;

async function spill({ port, directory, bufferBytes }: SpillJob): Promise<IsolatedRun> {
  const times: Partial<Record<ClientEvent["type"], number>> = {};
  let firstByteAt: number | undefined;
  const since = () => firstByteAt === undefined ? 0 : performance.now() - firstByteAt;
  await using client = await connectIsolated(`127.0.0.1:${port}`, {
    framing: { type: "length_field", initialBytesToStrip: 4 },
    whenFull: { spill: directory },
    bufferBytes,
    handler: { module: import.meta.resolve("./hold_handler.ts") },
    onEvent: ({ type }) => times[type as ClientEvent["type"]] ??= since(),
  });
  const timer = setInterval(() => {
    if (client.stats().bytesRead > 0) firstByteAt ??= performance.now();
  }, LOOK_MS);
  const end = await client.closed;
  clearInterval(timer);
  if ("reason" in end && end.reason !== "eof") throw end;
  const { bytesRead, framesDropped, framesSpilled, pauses, pausedMs } = client.stats();
  return {
    bytes: bytesRead,
    framesDropped,
    framesSpilled,
    spillStartedMs: times.spill_started,
    spilledBytes: 0,
    endMs: since(),
    pauses,
    pausedMs,
    pausedAtMs: times.paused,
  };
}

if (import.meta.main) console.log(JSON.stringify(await spill(JSON.parse(Deno.args[0]))));
