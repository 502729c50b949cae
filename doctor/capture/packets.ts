/**
 * From the records of a capture to whoever looks at its packets.
 *
 * @module
 */

import type { Slab } from "../../src/slab.ts";
import { HELD_BACK, PacketRun } from "./packet_run.ts";
import { RECORDS_MAX, type RecordStream } from "./record_stream.ts";

/** A time that lies this much before the last one is not a matter of order: the clock was set. */
const CLOCK_STEP_MS = 1000;

/** Looks at packets. */
export interface PacketSink {
  /** The first `count` packets of `run`, which lie in `slab`. */
  packets(slab: Slab, run: PacketRun, count: number): void;
}

/** Where a capture is broken, and how. */
export interface Broken {
  /** Offset in the (decompressed) capture. */
  offset: number;
  /** What was expected, and what is there. */
  sentence: string;
}

/** Cuts one format into packets. */
export interface CaptureFormat {
  /** Its name. */
  readonly name: string;
  /** Where it is broken; what comes behind is not read. */
  readonly broken: Broken | undefined;
  /** Blocks that were too long to hold. */
  readonly passedOver: number;
  /** Takes in bytes. */
  push(chunk: Uint8Array): void;
  /** Nothing more comes. */
  end(): void;
}

/** Numbers packets, tells when they came, and hands them on in order. */
export class Packets {
  /** Packets so far. */
  count = 0;
  /** Those that have no time. */
  timeless = 0;
  /** Times the clock went back. */
  clockSteps = 0;
  /** When the first came, in nanoseconds since 1970. */
  startNs: bigint | undefined;
  /** Those that wait to be handed on. */
  readonly run: PacketRun;
  readonly #sink: PacketSink;
  /** What the last record said, and by how much the clock is back since. */
  #saidMs = -Infinity;
  #backMs = 0;

  constructor(sink: PacketSink) {
    this.#sink = sink;
    this.run = new PacketRun(RECORDS_MAX + HELD_BACK);
  }

  /** Milliseconds from the capture's first packet to `ns`, which may be that of the first packet. */
  sinceStart(ns: bigint): number {
    this.startNs ??= ns;
    return Number(ns - this.startNs) / 1e6;
  }

  /** Adds one, whose bytes lie at `at` of the slab. */
  add(timeMs: number, at: number, captured: number, original: number, linkType: number): void {
    this.run.add(++this.count, this.#onward(timeMs), at, captured, original, linkType);
  }

  /** Times go on where the clock was set back: what lasts a while must not last less than nothing. */
  #onward(timeMs: number): number {
    const stepMs = timeMs - this.#saidMs;
    this.#saidMs = timeMs;
    if (stepMs < -CLOCK_STEP_MS) {
      this.clockSteps++;
      this.#backMs -= stepMs;
    } else if (this.#backMs > 0 && stepMs > this.#backMs - CLOCK_STEP_MS) {
      // It was one packet, or one interface, whose clock is behind.
      this.#backMs = 0;
    }
    return timeMs + this.#backMs;
  }

  /** Hands on what no later packet comes before, and makes room in the slab. */
  emit(stream: RecordStream, ended: boolean): void {
    const { slab } = stream;
    const { run } = this;
    const count = run.ready(ended);
    this.#sink.packets(slab, run, count);
    const kept = run.drop(count, slab.framed);
    stream.keepFrom(kept);
    run.rebase(kept);
    // Packets held back must not keep out those that come.
    if (slab.filled === slab.bytes.length && run.count > 0) this.emit(stream, true);
  }
}
