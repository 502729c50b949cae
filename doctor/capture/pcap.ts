/**
 * The pcap format: a header of 24 bytes, then records of 16 bytes and a packet each.
 * Source: draft-ietf-opsawg-pcap.
 *
 * ```text
 * │ magic 4 │ version 2+2 │ reserved 4+4 │ snapshot length 4 │ link type 4 │
 * │ seconds 4 │ micro- or nanoseconds 4 │ captured 4 │ original 4 │ packet … │
 * ```
 *
 * @module
 */

import type { Broken, CaptureFormat, Packets } from "./packets.ts";
import { RECORD_BYTES_MAX, RecordStream } from "./record_stream.ts";

/** Bytes of the header. */
export const PCAP_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
/** The other bits tell of the frame check sequence. */
const LINK_TYPE_MASK = 0xffff;

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** What the magic says; `undefined` if it is another format. */
export function pcapMagic(
  view: DataView,
): { littleEndian: boolean; nanoseconds: boolean } | undefined {
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MICROSECONDS || magic === NANOSECONDS) {
      return { littleEndian, nanoseconds: magic === NANOSECONDS };
    }
  }
  return undefined;
}

/** Reads pcap. */
export class PcapFormat implements CaptureFormat {
  readonly name = "pcap";
  readonly passedOver = 0;
  broken: Broken | undefined;
  readonly #packets: Packets;
  readonly #stream: RecordStream;
  readonly #littleEndian: boolean;
  readonly #unitsPerSecond: number;
  readonly #linkType: number;
  #startSeconds = 0;
  #startUnits = 0;

  /** `header` are the first 24 bytes. */
  constructor(header: DataView, packets: Packets) {
    const magic = pcapMagic(header);
    // INVARIANT: who calls has looked at the magic.
    if (magic === undefined) throw new Error("not a pcap header");
    this.#packets = packets;
    this.#littleEndian = magic.littleEndian;
    this.#unitsPerSecond = magic.nanoseconds ? 1e9 : 1e6;
    this.#linkType = header.getUint32(20, magic.littleEndian) & LINK_TYPE_MASK;
    this.#stream = new RecordStream({
      lengthAt: 8,
      byteOrder: magic.littleEndian ? "little" : "big",
      uncounted: RECORD_HEADER_BYTES,
    }, PCAP_HEADER_BYTES);
  }

  /** Takes in bytes behind the header. */
  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length && this.broken === undefined) {
      from += this.#stream.fill(chunk, from);
      this.#cut();
    }
  }

  end(): void {
    if (this.broken !== undefined) return;
    this.#packets.emit(this.#stream, true);
    const { rest, slab } = this.#stream;
    if (rest.length === 0) return;
    this.broken = {
      offset: slab.streamOffset + slab.framed,
      sentence: `the last record is cut off after ${rest.length} bytes`,
    };
  }

  #cut(): void {
    const { slab } = this.#stream;
    for (;;) {
      const violation = this.#stream.cut();
      const { frames } = slab;
      for (let i = 0; i < frames; i++) this.#record(slab.offsets[i], slab.lengths[i]);
      if (violation !== undefined) {
        const length = slab.view.getUint32(slab.framed + 8, this.#littleEndian);
        this.broken = {
          offset: slab.streamOffset + slab.framed,
          sentence: `a record of at most ${RECORD_BYTES_MAX} bytes was expected, one of ${
            length + RECORD_HEADER_BYTES
          } is announced`,
        };
      }
      this.#packets.emit(this.#stream, violation !== undefined);
      // A full index left bytes uncut.
      if (frames < slab.offsets.length || violation !== undefined) return;
    }
  }

  #record(at: number, length: number): void {
    const { view } = this.#stream.slab;
    const little = this.#littleEndian;
    const seconds = view.getUint32(at, little);
    const units = view.getUint32(at + 4, little);
    const packets = this.#packets;
    if (packets.startNs === undefined) {
      const perUnit = 1e9 / this.#unitsPerSecond;
      packets.sinceStart(BigInt(seconds) * 1_000_000_000n + BigInt(units * perUnit));
      this.#startSeconds = seconds;
      this.#startUnits = units;
    }
    const timeMs = (seconds - this.#startSeconds) * 1e3 +
      (units - this.#startUnits) * 1e3 / this.#unitsPerSecond;
    const captured = length - RECORD_HEADER_BYTES;
    // Some writers leave the original length out.
    const original = Math.max(captured, view.getUint32(at + 12, little));
    packets.add(timeMs, at + RECORD_HEADER_BYTES, captured, original, this.#linkType);
  }
}
