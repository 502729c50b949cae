/**
 * A capture as what it is: a stream of length-prefixed records, cut by the core
 * the feeds are cut with.
 *
 * @module
 */

import { Core } from "../../src/core/core.ts";
import { SLAB_BYTES_PER_FRAME, Status } from "../../src/core/abi.ts";
import { slabBytesFor } from "../../src/core/layout.ts";
import { FramingError } from "../../src/errors.ts";
import type { LengthFieldFraming } from "../../src/framing.ts";
import { Slab } from "../../src/slab.ts";

/** The longest record: a packet of the largest snapshot length tcpdump takes, and as much again as a quarter of it. */
export const RECORD_BYTES_MAX = 320 * 1024;

/** Records a slab's index takes. */
export const RECORDS_MAX: number = slabBytesFor(RECORD_BYTES_MAX) / SLAB_BYTES_PER_FRAME;

/** Where the length stands in a record, in which byte order, and what it leaves out. */
export interface RecordFormat {
  lengthAt: number;
  byteOrder: "big" | "little";
  /** Bytes of a record its length does not count. */
  uncounted: number;
}

/** The records of a stream, a slab full at a time. */
export class RecordStream {
  /** The bytes, and where records begin in them. */
  readonly slab: Slab;
  readonly #core: Core;

  /** Begins at `offset` of the stream. */
  constructor(format: RecordFormat, offset: number) {
    const framing: LengthFieldFraming = {
      type: "length_field",
      lengthFieldOffset: format.lengthAt,
      lengthFieldLength: 4,
      byteOrder: format.byteOrder,
      lengthAdjustment: format.uncounted - format.lengthAt - 4,
      maxFrameLength: RECORD_BYTES_MAX,
    };
    this.#core = new Core({ framing, bufferBytes: 2 * slabBytesFor(RECORD_BYTES_MAX) });
    this.slab = new Slab(this.#core, 0);
    this.slab.streamOffset = offset;
  }

  /** Takes what fits of `chunk` from `from` on, and says how much that was. */
  fill(chunk: Uint8Array, from: number): number {
    const { slab } = this;
    const room = slab.bytes.length - slab.filled;
    const part = chunk.subarray(from, from + room);
    slab.bytes.set(part, slab.filled);
    slab.filled += part.length;
    return part.length;
  }

  /** Cuts what is there into `slab.frames` records. Gives what is wrong with the one behind them, if it can't be cut. */
  cut(): FramingError | undefined {
    const { slab } = this;
    const outcome = this.#core.scan(slab.layout, slab.frames, slab.framed, slab.filled);
    slab.frames = outcome.frames;
    slab.framed = outcome.framed;
    if (outcome.status !== Status.invalid) return undefined;
    const violation = this.#core.violation(slab.streamOffset);
    // INVARIANT: this memory is not shared, so nobody can have overwritten it.
    if (!(violation instanceof FramingError)) throw violation;
    return violation;
  }

  /** Forgets the index, and the bytes before `position`. */
  keepFrom(position: number): void {
    const { slab } = this;
    slab.bytes.copyWithin(0, position, slab.filled);
    slab.streamOffset += position;
    slab.filled -= position;
    slab.framed -= position;
    slab.frames = 0;
  }

  /** Bytes that are no whole record yet, from `slab.framed` on. */
  get rest(): Uint8Array {
    return this.slab.bytes.subarray(this.slab.framed, this.slab.filled);
  }
}
