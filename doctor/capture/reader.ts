/**
 * Captures of any format, compressed or not, from bytes to packets.
 *
 * @module
 */

import { SpillwayError } from "../../src/errors.ts";
import { DamagedArchive, decompressed, GZIP_MAGIC } from "./gunzip.ts";
import { type Broken, type CaptureFormat, Packets, type PacketSink } from "./packets.ts";
import { PCAP_HEADER_BYTES, PcapFormat, pcapMagic } from "./pcap.ts";
import { PcapngFormat, SECTION_HEADER, sectionByteOrder } from "./pcapng.ts";

/** The bytes are no capture of a format that is known. */
export class CaptureFormatError extends SpillwayError {
  /** Class name. */
  override name = "CaptureFormatError";
}

/** What was read of a capture. */
export interface CaptureSummary {
  /** Such as `pcap` or `gzip pcapng`. */
  format: string;
  /** Bytes, decompressed. */
  bytes: number;
  /** Packets. */
  packets: number;
  /** When the first came, in milliseconds since 1970. */
  startedAt: number | undefined;
  broken: Broken | undefined;
  /** Packets that lay behind later ones. */
  latePackets: number;
  /** Times the clock went back. */
  clockSteps: number;
  /** Packets of a format that has no times. */
  timeless: number;
  /** Blocks that were too long to hold. */
  passedOver: number;
}

/** Reads one capture. */
export class CaptureReader {
  readonly #packets: Packets;
  #format: CaptureFormat | undefined;
  #head = new Uint8Array(0);
  #bytes = 0;
  #compressed = false;
  #cutShort: string | undefined;

  constructor(sink: PacketSink) {
    this.#packets = new Packets(sink);
  }

  /** Bytes so far, decompressed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Packets so far. */
  get count(): number {
    return this.#packets.count;
  }

  /** Reads all of `source`, `onChunk` after each chunk. Throws a `CaptureFormatError` if it is no capture. */
  async read(source: AsyncIterable<Uint8Array>, onChunk?: () => void): Promise<void> {
    const iterator = source[Symbol.asyncIterator]();
    const { head, chunks } = await peek(iterator, GZIP_MAGIC.length);
    this.#compressed = GZIP_MAGIC.every((byte, i) => head[i] === byte);
    const plain = this.#compressed ? decompressed(chunks) : chunks;
    try {
      for await (const chunk of plain) {
        this.#push(chunk);
        onChunk?.();
        if (this.#format?.broken !== undefined) break;
      }
    } catch (error) {
      // A damaged archive: what came out of it before is read all the same.
      if (!(error instanceof DamagedArchive)) throw error;
      if (this.#format === undefined) {
        throw new CaptureFormatError(
          `a capture was expected in the gzip archive, which is damaged: ${error.message}`,
          { cause: error },
        );
      }
      this.#cutShort = `the gzip archive is damaged (${error.message})`;
    }
    if (this.#format === undefined) throw unknownFormat(this.#head);
    this.#format.end();
  }

  /** What was read. */
  summary(): CaptureSummary {
    const format = this.#format;
    const { startNs, count, clockSteps, run } = this.#packets;
    const cutShort = this.#cutShort === undefined
      ? undefined
      : { offset: this.#bytes, sentence: this.#cutShort };
    return {
      format: `${this.#compressed ? "gzip " : ""}${format?.name ?? "unknown"}`,
      bytes: this.#bytes,
      packets: count,
      startedAt: startNs === undefined ? undefined : Number(startNs / 1000n) / 1000,
      broken: cutShort ?? format?.broken,
      latePackets: run.late,
      clockSteps,
      timeless: this.#packets.timeless,
      passedOver: format?.passedOver ?? 0,
    };
  }

  #push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#format !== undefined) return this.#format.push(chunk);
    const head = new Uint8Array(this.#head.length + chunk.length);
    head.set(this.#head);
    head.set(chunk, this.#head.length);
    this.#head = head;
    if (head.length < PCAP_HEADER_BYTES) return;
    this.#begin(head);
    this.#head = new Uint8Array(0);
  }

  #begin(head: Uint8Array): void {
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    if (pcapMagic(view) !== undefined) {
      this.#format = new PcapFormat(view, this.#packets);
      this.#format.push(head.subarray(PCAP_HEADER_BYTES));
      return;
    }
    const littleEndian = view.getUint32(0) === SECTION_HEADER
      ? sectionByteOrder(view, 0)
      : undefined;
    if (littleEndian === undefined) throw unknownFormat(head);
    this.#format = new PcapngFormat(littleEndian, this.#packets);
    this.#format.push(head);
  }
}

function unknownFormat(head: Uint8Array): CaptureFormatError {
  if (head.length < PCAP_HEADER_BYTES) {
    return new CaptureFormatError(
      `a pcap or pcapng capture was expected, only ${head.length} bytes came`,
    );
  }
  const begin = [...head.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0"));
  return new CaptureFormatError(
    `a pcap or pcapng capture was expected, the first bytes are ${begin.join(" ")}`,
  );
}

/** The first bytes, and all of them again. */
async function peek(
  iterator: AsyncIterator<Uint8Array>,
  bytes: number,
): Promise<{ head: number[]; chunks: AsyncIterable<Uint8Array> }> {
  const seen: Uint8Array[] = [];
  const head: number[] = [];
  while (head.length < bytes) {
    const { done, value } = await iterator.next();
    if (done) break;
    // The next read may go into the same buffer.
    seen.push(value.slice());
    head.push(...value.subarray(0, bytes - head.length));
  }
  return { head, chunks: again(seen, iterator) };
}

async function* again(
  seen: Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* seen;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
