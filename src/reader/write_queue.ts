/**
 * What waits to be written to a connection, in pieces worth a write.
 *
 * ```text
 *  head ─▶ │ "hello" │ ─▶ │ "PONG" × 3 │ ─▶ │ 1 MB │
 *          └── joined: hello PONG PONG PONG ──┘
 * ```
 *
 * @module
 */

/** What is joined is copied: in longer pieces that costs more than the writes it saves. */
const JOINED_BYTES_MAX = 64 * 1024;

/** Bytes to be written once, or several times one behind the other. */
export interface Entry {
  readonly bytes: Uint8Array;
  /** How often they are still to be written. */
  times: number;
  /** They were written so many times. */
  written(times: number): void;
  /** They will not be written so many times that were still to come. */
  failed(times: number, error: Error): void;
}

interface Link {
  readonly entry: Entry;
  next: Link | undefined;
}

/** Entries in order. A list of links: each is added and taken in the same time, however many wait. */
export class WriteQueue {
  #head: Link | undefined;
  #tail: Link | undefined;
  /** Bytes of the head's next time that are written already. */
  #begunBytes = 0;
  #bytes = 0;

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Puts `entry` behind all others. */
  push(entry: Entry): void {
    const link: Link = { entry, next: undefined };
    if (this.#tail === undefined) this.#head = link;
    else this.#tail.next = link;
    this.#tail = link;
    this.#bytes += entry.bytes.length * entry.times;
  }

  /** The bytes to write next, short neighbours in one; `undefined` when nothing waits. */
  next(): Uint8Array | undefined {
    if (this.#head === undefined) return undefined;
    const { bytes } = this.#head.entry;
    const first = this.#begunBytes === 0 ? bytes : bytes.subarray(this.#begunBytes);
    const alone = first.length === this.#bytes || first.length >= JOINED_BYTES_MAX;
    return alone ? first : this.#join();
  }

  /** So many bytes were written: tells the entries that are through. */
  advance(count: number): void {
    this.#bytes -= count;
    this.#begunBytes += count;
    while (this.#head !== undefined) {
      const { entry } = this.#head;
      const { length } = entry.bytes;
      const times = length === 0 ? entry.times : Math.floor(this.#begunBytes / length);
      const written = Math.min(times, entry.times);
      if (written === 0) return;
      this.#begunBytes -= written * length;
      entry.times -= written;
      entry.written(written);
      if (entry.times > 0) return;
      this.#head = this.#head.next;
      if (this.#head === undefined) this.#tail = undefined;
    }
  }

  /** Empties the queue: tells all entries that they come to nothing. */
  fail(error: Error): void {
    let link = this.#head;
    this.#head = this.#tail = undefined;
    this.#begunBytes = this.#bytes = 0;
    for (; link !== undefined; link = link.next) link.entry.failed(link.entry.times, error);
  }

  #join(): Uint8Array {
    const joined = new Uint8Array(Math.min(this.#bytes, JOINED_BYTES_MAX));
    let end = 0;
    for (const piece of this.#pieces()) {
      if (end + piece.length > joined.length) break;
      joined.set(piece, end);
      end += piece.length;
    }
    return joined.subarray(0, end);
  }

  *#pieces(): Generator<Uint8Array> {
    let begunBytes = this.#begunBytes;
    for (let link = this.#head; link !== undefined; link = link.next) {
      const { bytes, times } = link.entry;
      for (let i = 0; i < times; i++) {
        yield bytes.subarray(begunBytes);
        begunBytes = 0;
      }
    }
  }
}
