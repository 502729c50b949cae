/**
 * How long it takes to hand a batch to a handler in a worker, and until the client has the answer.
 *
 *     deno task bench-hand-over [--batches N] [--smoke] [--out FILE] [--json FILE]
 */
import { workerHandler } from "../isolation.ts";
import { type Batch, connect, type Duplex, type Handler } from "../mod.ts";
import { clock } from "./hand_over/clock.ts";
import { describeMachine } from "./lib/machine.ts";
import { parseOptions, place, publish } from "./lib/output.ts";
import { digits } from "./lib/stats.ts";
import { table } from "./lib/table.ts";

const TARGET_US = 10;
const FRAME_BYTES = 64;
const SMOKE_BATCHES = 50;
/** The first batches find everything cold. */
const WARMUP_SHARE = 0.1;
/** In one run the next batch follows at once, in the other when all threads have long gone to sleep. */
const GAPS_MS = [0, 2] as const;

/** Of one batch, in microseconds: until the handler has it, and until the client has the answer. */
interface HandOver {
  there: number;
  andBack: number;
}

/** A peer that sends one frame, and the next one when it was handled, `gapMs` later. */
class OneByOne {
  readonly #frame = new Uint8Array(FRAME_BYTES).fill(1);
  #next: () => void = () => {};

  target(batches: number, gapMs: number): Duplex {
    let left = batches;
    const frame = this.#frame;
    const readable = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (left < batches) await new Promise<void>((resolve) => this.#next = resolve);
        if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
        if (left-- === 0) controller.close();
        else controller.enqueue(frame);
      },
    }, { highWaterMark: 0 });
    return { readable, writable: new WritableStream() };
  }

  /** The last frame was handled. */
  handled(): void {
    this.#next();
  }
}

async function handOvers(batches: number, gapMs: number): Promise<HandOver[]> {
  const peer = new OneByOne();
  const measured: HandOver[] = [];
  await using client = await connect(peer.target(batches, gapMs), {
    framing: { type: "fixed_length", frameLength: FRAME_BYTES },
    sharedMemory: true,
  });
  const inner = workerHandler(import.meta.resolve("./hand_over/handler.ts"));
  const timed: Handler = {
    open: (context) => inner.open?.(context),
    async batch(batch: Batch, context) {
      const started = clock();
      await inner.batch(batch, context);
      const ended = clock();
      const { bytes, offsets } = batch;
      const there = new DataView(bytes.buffer, bytes.byteOffset + offsets[0]).getFloat64(0);
      measured.push({ there: (there - started) * 1e3, andBack: (ended - started) * 1e3 });
      peer.handled();
    },
    close: (context) => inner.close?.(context),
  };
  await client.run(timed);
  return measured.slice(Math.floor(measured.length * WARMUP_SHARE));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function row(what: string, values: readonly number[]): string[] {
  return [what, digits(percentile(values, 0.5)), digits(percentile(values, 0.99))];
}

function render(runs: readonly HandOver[][], where: string, smoke: boolean): string {
  const [following, asleep] = runs;
  const there = (run: readonly HandOver[]) => run.map(({ there }) => there);
  const back = (run: readonly HandOver[]) => run.map(({ andBack }) => andBack);
  const p50 = percentile(there(following), 0.5);
  const judged = p50 <= TARGET_US ? "reached" : "missed";
  return [
    "# Handing a batch to a worker",
    "",
    where,
    "",
    `Microseconds, of ${following.length} batches of one frame each.`,
    "",
    table([
      ["", "p50", "p99"],
      row("until the handler has it, one batch after the other", there(following)),
      row("until the client has the answer", back(following)),
      row(`until the handler has it, behind ${GAPS_MS[1]} ms of silence`, there(asleep)),
      row("until the client has the answer", back(asleep)),
    ]),
    "",
    table([
      ["target", "measured", ""],
      [
        `hand-over ≤ ${TARGET_US} µs p50`,
        `${digits(p50)} µs`,
        smoke ? "not judged by a smoke run" : judged,
      ],
    ]),
    "",
  ].join("\n");
}

if (import.meta.main) {
  const { numbers, ...options } = parseOptions(Deno.args, { batches: 5000 });
  const batches = options.smoke ? SMOKE_BATCHES : numbers.batches;
  const runs: HandOver[][] = [];
  for (const gapMs of GAPS_MS) runs.push(await handOvers(batches, gapMs));
  const machine = await describeMachine();
  await publish(options, render(runs, place(machine), options.smoke), { machine, runs });
}
