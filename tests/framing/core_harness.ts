/**
 * Drives the core as the reader does, with the same filler, slabs and batches,
 * and puts what comes out into the oracle's terms.
 */
import { assertEquals } from "@std/assert";
import { SlabBatch } from "../../src/batch.ts";
import type { Column } from "../../src/columns.ts";
import { Slab as SlabAbi } from "../../src/core/abi.ts";
import { framerConfig } from "../../src/core/configure.ts";
import { Core } from "../../src/core/core.ts";
import { slabBytesFor } from "../../src/core/layout.ts";
import { FramingError } from "../../src/errors.ts";
import type { Framing } from "../../src/framing.ts";
import { Filler, type FrameSink } from "../../src/reader/filler.ts";
import { type Slab, SlabPool } from "../../src/slab.ts";
import { newStats } from "../../src/status.ts";
import type { OracleResult } from "./oracle/mod.ts";

/** What the core makes of a chunked stream, in the oracle's terms. */
export interface CoreResult extends OracleResult {
  /** Values of each declared column, by its name, frame by frame. */
  columns: Record<string, (number | bigint)[]>;
  /** Fields that lay behind the end of their frame. */
  missingFields: number;
}

/** How the slabs are used meanwhile. */
export interface SlabUse {
  /** Frames a slab's index takes; default as many as it has room for. */
  capacity?: number;
  /** Ranges of frames (0 to 2) read only when that many further ones have come. */
  held?: number;
}

const SLAB_COUNT = 4;

/** One core for many streams, one after the other. */
export class CoreHarness {
  readonly #core: Core;
  #pool: SlabPool;

  /** `sharedModule`: the core for shared memory, to be used instead. */
  constructor(
    readonly framing: Framing,
    columns: readonly Column[] = [],
    sharedModule?: WebAssembly.Module,
  ) {
    const slabBytes = slabBytesFor(framerConfig(framing).rawFrameLengthMax);
    this.#core = new Core({
      framing,
      columns,
      bufferBytes: SLAB_COUNT * slabBytes,
      sharedMemory: sharedModule !== undefined,
      module: sharedModule,
    });
    this.#pool = new SlabPool(this.#core);
  }

  /** Frames `chunks` as one connection. */
  run(chunks: Iterable<Uint8Array>, use: SlabUse = {}): CoreResult {
    // A run that threw keeps its slabs; a shrunk one must not suffer from that.
    if (this.#pool.freeCount < SLAB_COUNT) this.#pool = new SlabPool(this.#core);
    this.#limitCapacity(use.capacity ?? this.#core.layout.capacity);
    const stats = newStats();
    const collector = new Collector(this.#core, this.#pool, use.held ?? 0);
    const filler = new Filler(this.#core, this.#pool, collector, stats);
    filler.begin(1);
    let violation: OracleResult["violation"];
    try {
      for (const chunk of chunks) fill(filler, chunk);
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      violation = { name: error.violation, at: error.offset };
    }
    const { partialBytes } = filler;
    collector.finish();
    // Gives back the slab that was being filled.
    filler.begin(2);
    assertEquals(this.#pool.freeCount, SLAB_COUNT);
    const { bytesRead, frameBytes, skippedFrames, skippedBytes, paddingBytes, missingFields } =
      stats;
    assertEquals(bytesRead, frameBytes + skippedBytes + paddingBytes + partialBytes);
    return {
      frames: collector.frames,
      consumed: bytesRead - partialBytes,
      ...(violation && { violation }),
      skippedFrames,
      skippedBytes,
      paddingBytes,
      columns: collector.columns,
      missingFields,
    };
  }

  #limitCapacity(capacity: number): void {
    const view = new DataView(this.#core.memory.buffer);
    for (const slab of this.#core.layout.slabs) {
      view.setUint32(slab.descriptor + SlabAbi.capacity, capacity, true);
    }
  }
}

function fill(filler: Filler, chunk: Uint8Array): void {
  let rest = chunk;
  while (rest.length > 0) {
    const room = filler.room();
    if (room === undefined) throw new Error("no slab is free, though few ranges are held");
    const part = rest.subarray(0, room.length);
    room.set(part);
    filler.commit(part.length);
    rest = rest.subarray(part.length);
  }
}

/** Takes ranges of frames, holds a few, and reads each when it lets it go. */
class Collector implements FrameSink {
  readonly frames: OracleResult["frames"] = [];
  readonly columns: CoreResult["columns"] = {};
  readonly #ranges: { slab: Slab; first: number; end: number }[] = [];

  constructor(readonly core: Core, readonly pool: SlabPool, readonly held: number) {
    for (const { name } of core.columns) this.columns[name] = [];
  }

  makeRoom(): boolean {
    return false;
  }

  push(slab: Slab, first: number, end: number): void {
    slab.references += 1;
    this.#ranges.push({ slab, first, end });
    if (this.#ranges.length > this.held) this.#read();
  }

  finish(): void {
    while (this.#ranges.length > 0) this.#read();
  }

  #read(): void {
    const { slab, first, end } = this.#ranges.shift()!;
    const names = Object.keys(this.columns);
    const batch = new SlabBatch(slab, names, this.core);
    batch.lend(first, end - first, 0);
    for (let i = 0; i < batch.count; i++) {
      this.frames.push({
        payload: batch.frame(i).slice(),
        rawOffset: batch.streamOffset(i),
        rawLength: batch.rawLength(i),
      });
    }
    for (const name of names) this.columns[name].push(...batch.columns[name]);
    batch.revoke();
    this.pool.release(slab);
  }
}
