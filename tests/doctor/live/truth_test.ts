/** Made-up programs whose reads are known: what is said of them must be true. */
import { assert, assertEquals } from "@std/assert";
import type { Sample } from "../../../doctor/live/sample.ts";
import { SocketWatch } from "../../../doctor/live/watch.ts";
import { between, type Random, random } from "../../spill/random.ts";
import { SEED } from "../../spill/seed.ts";

const TICK_MS = 10;
const STALL_MS = 500;

/** A socket into which bytes come, and a program that reads it or not. */
class Connection {
  queue = 0;
  received = 0;
  /** When a byte was last read, or nothing waited. */
  lastReadMs = 0;
  readonly #draw: Random;
  #reads = true;
  #arrives = 0;
  #appetite = 0;

  constructor(draw: Random) {
    this.#draw = draw;
  }

  tick(atMs: number): void {
    const draw = this.#draw;
    // The program and the server change their ways now and then.
    if (draw() < 0.02) this.#reads = draw() < 0.5;
    if (draw() < 0.02) this.#arrives = draw() < 0.3 ? 0 : between(draw, 1, 9_000);
    if (draw() < 0.02) this.#appetite = between(draw, 1, 12_000);
    const arrived = this.#arrives === 0 ? 0 : between(draw, 0, this.#arrives);
    this.queue += arrived;
    this.received += arrived;
    const read = this.#reads && draw() < 0.7 ? Math.min(this.queue, this.#appetite) : 0;
    this.queue -= read;
    if (read > 0 || this.queue === 0) this.lastReadMs = atMs;
  }

  sample(atMs: number, counted: boolean): Sample {
    const { queue: receiveQueue, received } = this;
    return { atMs, state: "established", receiveQueue, ...(counted && { received }) };
  }
}

/** Looks each 50 to 150 ms for a minute; `check` gets each status and what is true. */
function watched(draw: Random, counted: boolean, check: Check): void {
  const connection = new Connection(draw);
  const watch = new SocketWatch({ stallMs: STALL_MS });
  let nextMs = 0;
  for (let atMs = 0; atMs < 60_000; atMs += TICK_MS) {
    connection.tick(atMs);
    if (atMs < nextMs) continue;
    nextMs = atMs + between(draw, 50, 150);
    check(watch.look(connection.sample(atMs, counted)), atMs - connection.lastReadMs, connection);
  }
}

type Check = (
  status: ReturnType<SocketWatch["look"]>,
  withoutReadMs: number,
  connection: Connection,
) => void;

Deno.test(`what is certain is true, with ss and without (seed ${SEED})`, () => {
  const draw = random(SEED);
  let [denied, certain] = [0, 0];
  for (let run = 0; run < 40; run++) {
    watched(draw, run % 2 === 0, (status, withoutReadMs, { queue }) => {
      assertEquals(status.unread, queue);
      assert(
        status.certainMs <= withoutReadMs,
        `run ${run}: ${status.sentence}, ${withoutReadMs} ms`,
      );
      if (status.state !== "not_reading") return;
      denied++;
      if (status.certainMs >= STALL_MS) certain++;
    });
  }
  assert(certain > 500 && denied > certain, `${certain} of ${denied}`);
});

Deno.test(`with ss, no stall is missed or told late (seed ${SEED})`, () => {
  const draw = random(SEED);
  let stalls = 0;
  for (let run = 0; run < 40; run++) {
    watched(draw, true, (status, withoutReadMs, { queue }) => {
      const stalled = status.state === "not_reading";
      // The first look at bytes may come a look later than they.
      if (withoutReadMs >= STALL_MS + 160 && queue > 0) assert(stalled, `run ${run}`);
      if (queue === 0) assert(!stalled, `run ${run}`);
      if (stalled) stalls++;
    });
  }
  assert(stalls > 500, `${stalls}`);
});

Deno.test(`a program that always reads all is never blamed (seed ${SEED})`, () => {
  const draw = random(SEED);
  for (let run = 0; run < 20; run++) {
    const watch = new SocketWatch();
    let received = 0;
    for (let i = 0; i < 600; i++) {
      received += between(draw, 0, 500_000);
      // What waits came after the last read, a moment ago.
      const receiveQueue = between(draw, 0, Math.min(received, 100_000));
      const sample: Sample = { atMs: i * 100, state: "established", receiveQueue };
      const { state } = watch.look(run % 2 === 0 ? sample : { ...sample, received });
      assertEquals(state, "keeping_up", `run ${run}`);
    }
  }
});
