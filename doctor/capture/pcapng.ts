/**
 * The pcapng format: blocks with their length before and behind. Each section has
 * a byte order and interfaces of its own.
 * Source: draft-ietf-opsawg-pcapng.
 *
 * ```text
 * │ type 4 │ total length 4 │ body … │ total length 4 │
 * ```
 *
 * @module
 */

import type { Broken, CaptureFormat, Packets } from "./packets.ts";
import { CaptureInterface } from "./pcapng_interface.ts";
import { RECORD_BYTES_MAX, type RecordFormat, RecordStream } from "./record_stream.ts";

/** Type of the block every section begins with; the same in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a;
/** Bytes that must be there to tell a section's byte order. */
const SECTION_HEAD_BYTES = 12;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BLOCK_BYTES_MIN = 12;
const TRAILER_BYTES = 4;
const NO_BYTE_ORDER = "the byte-order magic of a section was expected";

const BlockType = {
  INTERFACE: 1,
  /** Obsolete, still written by some. */
  PACKET: 2,
  SIMPLE_PACKET: 3,
  ENHANCED_PACKET: 6,
} as const;

/** Bytes before a block's packet. */
const ENHANCED_HEADER_BYTES = 28;
const SIMPLE_HEADER_BYTES = 12;

function recordFormat(littleEndian: boolean): RecordFormat {
  return { lengthAt: 4, byteOrder: littleEndian ? "little" : "big", uncounted: 0 };
}

/** Whether the section that begins at `at` is little-endian; `undefined` if it says neither. */
export function sectionByteOrder(view: DataView, at: number): boolean | undefined {
  if (view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) return true;
  return view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC ? false : undefined;
}

/** Reads pcapng. */
export class PcapngFormat implements CaptureFormat {
  readonly name = "pcapng";
  broken: Broken | undefined;
  /** Blocks that were too long to hold. */
  passedOver = 0;
  readonly #packets: Packets;
  #stream: RecordStream;
  #littleEndian: boolean;
  #interfaces: CaptureInterface[] = [];
  #lastMs = 0;
  /** Bytes still to be passed over of a block too long to hold. */
  #skip = 0;

  /** Begins at the file's begin, in the byte order of its first section. */
  constructor(littleEndian: boolean, packets: Packets) {
    this.#littleEndian = littleEndian;
    this.#packets = packets;
    this.#stream = new RecordStream(recordFormat(littleEndian), 0);
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length && this.broken === undefined) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - from);
        this.#skip -= passed;
        this.#stream.slab.streamOffset += passed;
        from += passed;
        continue;
      }
      from += this.#stream.fill(chunk, from);
      this.#cut();
    }
  }

  end(): void {
    if (this.broken !== undefined) return;
    this.#packets.emit(this.#stream, true);
    const { rest, slab } = this.#stream;
    if (rest.length === 0 && this.#skip === 0) return;
    this.#break(slab.framed, `the last block is cut off after ${rest.length} bytes`);
  }

  #break(at: number, sentence: string): void {
    this.broken = { offset: this.#stream.slab.streamOffset + at, sentence };
  }

  #tooShort(at: number, length: number): void {
    const expected = `a block of at least ${BLOCK_BYTES_MIN} bytes was expected`;
    this.#break(at, `${expected}, one of ${length} is there`);
  }

  #cut(): void {
    while (this.broken === undefined) {
      const { slab } = this.#stream;
      const violation = this.#stream.cut();
      const { frames } = slab;
      const section = this.#blocks(frames) ?? this.#sectionBehind();
      if (section === undefined && violation === undefined) {
        this.#packets.emit(this.#stream, false);
        // A full index left bytes uncut.
        if (frames < slab.offsets.length) return;
        continue;
      }
      slab.framed = section ?? slab.framed;
      this.#packets.emit(this.#stream, true);
      if (this.broken === undefined && !this.#resume()) return;
    }
  }

  /** Where a section of the other byte order begins behind the whole blocks: its length, misread, may make it seem not to be all there. */
  #sectionBehind(): number | undefined {
    const { view, framed, filled } = this.#stream.slab;
    if (this.broken !== undefined || filled - framed < SECTION_HEAD_BYTES) return undefined;
    if (view.getUint32(framed, this.#littleEndian) !== SECTION_HEADER) return undefined;
    const littleEndian = sectionByteOrder(view, framed);
    if (littleEndian === undefined) this.#break(framed + 8, NO_BYTE_ORDER);
    return littleEndian === this.#littleEndian ? undefined : framed;
  }

  /** Goes on at a block that could not be cut as the others were, at the front of the slab. False: more bytes are needed. */
  #resume(): boolean {
    const { slab } = this.#stream;
    const type = slab.view.getUint32(0, this.#littleEndian);
    if (type === SECTION_HEADER) {
      if (slab.filled < SECTION_HEAD_BYTES) return false;
      const littleEndian = sectionByteOrder(slab.view, 0);
      if (littleEndian !== undefined && littleEndian !== this.#littleEndian) {
        this.#switchTo(littleEndian);
        return true;
      }
    }
    const length = slab.view.getUint32(4, this.#littleEndian);
    if (length <= RECORD_BYTES_MAX) {
      this.#tooShort(0, length);
      return false;
    }
    this.passedOver++;
    const there = Math.min(length, slab.filled);
    this.#skip = length - there;
    slab.framed = there;
    this.#stream.keepFrom(there);
    return slab.filled > 0;
  }

  #switchTo(littleEndian: boolean): void {
    const { slab } = this.#stream;
    const rest = slab.bytes.subarray(0, slab.filled);
    this.#littleEndian = littleEndian;
    this.#stream = new RecordStream(recordFormat(littleEndian), slab.streamOffset);
    this.#stream.fill(rest, 0);
  }

  /** Reads the first `frames` blocks. Stops at a section of the other byte order, and says where it begins. */
  #blocks(frames: number): number | undefined {
    const { slab } = this.#stream;
    for (let i = 0; i < frames && this.broken === undefined; i++) {
      const at = slab.offsets[i];
      const length = slab.lengths[i];
      if (length < BLOCK_BYTES_MIN) this.#tooShort(at, length);
      else if (slab.view.getUint32(at, this.#littleEndian) !== SECTION_HEADER) {
        this.#block(at, length);
      } else if (this.#section(at)) return at;
    }
    return undefined;
  }

  /** A section begins. True if it is of the other byte order. */
  #section(at: number): boolean {
    const littleEndian = sectionByteOrder(this.#stream.slab.view, at);
    if (littleEndian === undefined) {
      this.#break(at + 8, NO_BYTE_ORDER);
      return false;
    }
    this.#interfaces = [];
    return littleEndian !== this.#littleEndian;
  }

  #block(at: number, length: number): void {
    const { view } = this.#stream.slab;
    const little = this.#littleEndian;
    switch (view.getUint32(at, little)) {
      case BlockType.INTERFACE:
        if (length >= 20) this.#interfaces.push(new CaptureInterface(view, at, length, little));
        return;
      case BlockType.ENHANCED_PACKET:
        return this.#packet(at, length, length >= 32 ? view.getUint32(at + 8, little) : -1);
      case BlockType.PACKET:
        return this.#packet(at, length, length >= 32 ? view.getUint16(at + 8, little) : -1);
      case BlockType.SIMPLE_PACKET:
        return this.#simplePacket(at, length);
    }
  }

  #packet(at: number, length: number, number: number): void {
    const { view } = this.#stream.slab;
    const little = this.#littleEndian;
    const source = this.#interfaces[number];
    if (source === undefined) {
      return this.#break(
        at,
        `a packet of a known interface was expected, one of interface ${number} is there`,
      );
    }
    const room = length - ENHANCED_HEADER_BYTES - TRAILER_BYTES;
    const captured = view.getUint32(at + 20, little);
    if (captured > room) {
      return this.#break(
        at + 20,
        `a packet of at most ${room} bytes was expected, one of ${captured} is announced`,
      );
    }
    const timeMs = source.timeMs(
      view.getUint32(at + 12, little),
      view.getUint32(at + 16, little),
      (ns) => this.#packets.sinceStart(ns),
    );
    const original = Math.max(captured, view.getUint32(at + 24, little));
    this.#lastMs = timeMs;
    this.#packets.add(timeMs, at + ENHANCED_HEADER_BYTES, captured, original, source.linkType);
  }

  /** Has no time: it takes that of the packet before. */
  #simplePacket(at: number, length: number): void {
    const source = this.#interfaces[0];
    if (source === undefined || length < 16) {
      return this.#break(
        at,
        "a packet of a known interface was expected, a simple one is there, and no interface",
      );
    }
    const original = this.#stream.slab.view.getUint32(at + 8, this.#littleEndian);
    const limit = source.snapLength === 0 ? original : Math.min(source.snapLength, original);
    const captured = Math.min(limit, length - SIMPLE_HEADER_BYTES - TRAILER_BYTES);
    this.#packets.timeless++;
    this.#packets.add(this.#lastMs, at + SIMPLE_HEADER_BYTES, captured, original, source.linkType);
  }
}
