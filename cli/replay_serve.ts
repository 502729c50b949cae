/**
 * `spillway replay --serve`: a recording to whoever connects.
 *
 * @module
 */

import { Feed } from "../push/feed.ts";
import type { Pace } from "../push/pace.ts";
import { type PushSource, startPushServer } from "../push/server.ts";
import { type ReplaySpeed, Timeline } from "../src/record/pace.ts";
import type { Replay } from "../src/record/replay.ts";
import { exitCodeOf } from "./exit_code.ts";
import { onInterrupt } from "./interrupt.ts";
import { cannotListen } from "./listen_error.ts";
import { checkListening } from "./listening.ts";
import { PushLog } from "./push_log.ts";
import { complain } from "./refusal.ts";
import type { ReplayPlan } from "./replay_flags.ts";
import type { ServePlan } from "./replay_serve_flags.ts";
import { UsageError } from "./usage.ts";

/** What is served is held in memory: producing it must cost nothing while it is pushed. */
const SERVED_BYTES_MAX = 2 ** 30;

/** Serves the recording until its last connection has gone to a client; gives the exit code, 1 if there is none. */
export async function serveReplay(
  plan: ServePlan,
  replay: Replay,
  { replay: { speed = 1 }, json }: ReplayPlan,
): Promise<number> {
  await checkListening(plan);
  const sources = await load(replay, speed);
  if (sources.length === 0) return 1;
  const { loop, ...listening } = plan;
  const abort = new AbortController();
  using log = new PushLog({ json, unit: "chunk", onFailed: () => abort.abort() });
  try {
    await using server = await startPushServer({
      ...listening,
      feed: (client) => sources[(client - 1) % sources.length],
      clients: loop ? undefined : sources.length,
      signal: abort.signal,
      onEvent: (event) => log.event(event),
    }).catch((error) => cannotListen(error, plan));
    using _ = onInterrupt(() => abort.abort());
    const { path, hostname = "127.0.0.1" } = plan;
    log.listening(path === undefined ? { hostname, port: server.port } : { path });
    log.showStatus(() => server.clients());
    await server.closed;
    log.throwIfFailed();
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    complain("replay", error.message, { json });
    return exitCodeOf(error) ?? 1;
  }
}

/** All recorded connections, chunk by chunk. */
async function load(replay: Replay, speed: ReplaySpeed): Promise<PushSource[]> {
  const sources: PushSource[] = [];
  let [chunks, dueMs]: [Uint8Array[], number[]] = [[], []];
  let [connections, bytes] = [0, 0];
  let timeline = new Timeline();
  const end = () => {
    if (chunks.length === 0) return;
    const pace: Pace = speed === "flat_out" ? { type: "flat_out" } : { type: "timeline", dueMs };
    sources.push({ feed: new Feed(chunks, { repeat: false }), pace });
    [chunks, dueMs] = [[], []];
    timeline = new Timeline();
  };
  for await (const chunk of replay) {
    if (replay.stats().connections !== connections) end();
    ({ connections } = replay.stats());
    bytes += chunk.bytes.length;
    if (bytes > SERVED_BYTES_MAX) {
      throw new UsageError(
        `--serve takes at most ${SERVED_BYTES_MAX} bytes of a recording, choose by --from, --to or --epochs`,
      );
    }
    chunks.push(chunk.bytes.slice());
    dueMs.push(timeline.next(chunk.timeMicros) / (speed === "flat_out" ? Infinity : speed));
  }
  end();
  return sources;
}
