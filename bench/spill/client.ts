/** A client whose handler stands still for a while, its frames going to disk; prints what came of that: `JOB`, as JSON. */
import { type ClientEvent, connect, type WhenFull } from "../../mod.ts";
import { journalTo, spillTo } from "../../spill.ts";

/** What to do. */
export interface SpillJob {
  port: number;
  directory: string;
  /** Where frames go: to disk when memory is full, all of them, or nowhere. */
  mode: "spill" | "journal" | "drop_newest" | "block";
  /** The handler keeps its first batch until so many bytes were read, or so long. */
  holdBytes?: number;
  holdMs?: number;
  /** Memory for what waits. Default: the client's. */
  bufferBytes?: number;
}

/** What came of it. Times are milliseconds since the first byte. */
export interface SpillRun {
  frames: number;
  sum: string;
  bytes: number;
  framesDropped: number;
  framesSpilled: number;
  /** When frames began to go to disk, and when the handler went on; what was read in between. */
  spillStartedMs?: number;
  heldMs: number;
  spilledBytes: number;
  /** When the last frame was handled. */
  endMs: number;
  pauses: number;
  pausedMs: number;
  /** When reading paused first, and when a frame was dropped first. */
  pausedAtMs?: number;
  droppedAtMs?: number;
}

/** How often the counters are looked at, in milliseconds. */
const LOOK_MS = 2;

function overflow({ mode, directory }: SpillJob): WhenFull {
  switch (mode) {
    case "spill":
      return spillTo(directory);
    case "journal":
      return journalTo(directory);
    default:
      return mode;
  }
}

async function spill(job: SpillJob): Promise<SpillRun> {
  const times: Partial<Record<ClientEvent["type"] | "dropped", number>> = {};
  let firstByteAt: number | undefined;
  const since = () => firstByteAt === undefined ? 0 : performance.now() - firstByteAt;
  let bytesAtSpill = 0;
  await using client = await connect(`127.0.0.1:${job.port}`, {
    framing: { type: "length_field", initialBytesToStrip: 4 },
    whenFull: overflow(job),
    bufferBytes: job.bufferBytes,
    onEvent: ({ type }) => {
      times[type] ??= since();
      if (type === "spill_started") bytesAtSpill ||= client.stats().bytesRead;
    },
  });

  /** Resolves when the handler is to go on. */
  const held = async () => {
    const { holdBytes = 0, holdMs = Infinity } = job;
    while (client.stats().bytesRead < holdBytes || holdBytes === 0) {
      if (client.stats().framesDropped > 0) times.dropped ??= since();
      if (since() >= holdMs) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  let heldMs = 0;
  let bytesWhenHeld = 0;
  let frames = 0;
  let sum = 0n;
  await client.run({
    async batch(batch) {
      if (firstByteAt === undefined) {
        firstByteAt = performance.now();
        if (job.holdBytes !== undefined || job.holdMs !== undefined) await held();
        heldMs = since();
        bytesWhenHeld = client.stats().bytesRead;
      }
      frames += batch.count;
      let fields = 0;
      for (let i = 0; i < batch.count; i++) fields += batch.u32(i, 0);
      sum += BigInt(fields);
    },
  });
  const { bytesRead, framesDropped, framesSpilled, pauses, pausedMs } = client.stats();
  return {
    frames,
    sum: String(sum),
    bytes: bytesRead,
    framesDropped,
    framesSpilled,
    spillStartedMs: times.spill_started,
    heldMs,
    spilledBytes: bytesWhenHeld - bytesAtSpill,
    endMs: since(),
    pauses,
    pausedMs,
    pausedAtMs: times.paused,
    droppedAtMs: times.dropped,
  };
}

if (import.meta.main) console.log(JSON.stringify(await spill(JSON.parse(Deno.args[0]))));
