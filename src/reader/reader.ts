/**
 * The reader: drains a connection into slabs.
 *
 * ```text
 *           ┌──── settled: commit ────┐
 *           ▼                         │
 *  room() ──┬─▶ read pending ── 4 microtasks, or none behind a short read ──▶ still pending: "empty"
 *           └─▶ none free: "full"     ├── limit reached: "limit"   null: "end"
 *                                     ├── less than asked for, of a kernel's stream: "short"
 *                                     └── the tap still has the chunk: "tapped", not committed yet
 * ```
 *
 * @module
 */

import type { ClientStats } from "../status.ts";
import { MICROTASK } from "../turn.ts";
import { closeQuietly } from "../transport/open.ts";
import { readOf, type Transport } from "../transport/transport.ts";
import type { Filler } from "./filler.ts";
import type { TapGate } from "./tap.ts";

/**
 * Why a drain ended: nothing more is there (`empty`), a short read says so and
 * the next drain will make sure (`short`), its bytes or time are used up
 * (`limit`), no slab is free (`full`), the tap is not done with a chunk
 * (`tapped`), or the server closed (`end`).
 */
export type DrainEnd = "empty" | "short" | "limit" | "full" | "tapped" | "end";

/** A ready read of Deno's settles within two microtasks; four leave room for wrapped transports. */
const READY_MICROTASKS = 4;

/** Reads one connection. */
export class Reader {
  readonly #transport: Transport;
  readonly #filler: Filler;
  readonly #stats: ClientStats;
  readonly #shortIsEmpty: boolean;
  readonly #onSettled: () => void;
  readonly #gate: TapGate | undefined;
  /** Bytes the tap was shown and the filler was not. */
  #tappedBytes = 0;
  /** A read is under way or settled and not yet taken; its room is reserved. */
  #reading = false;
  #settled = false;
  /** Where the read puts its bytes. */
  #room: Uint8Array = new Uint8Array(0);
  #count: number | null = null;
  #failed = false;
  #error: unknown;
  /** The last read has found the socket empty: whether the next one is ready at once need not be waited for. */
  #emptied = false;
  /** Bytes a handshake read too much: the first chunk. */
  #surplus: Uint8Array;
  readonly #resolve = (count: number | null) => {
    this.#count = count;
    this.#settled = true;
    this.#onSettled();
  };
  readonly #reject = (error: unknown) => {
    this.#failed = true;
    this.#error = error;
    this.#settled = true;
    this.#onSettled();
  };
  /** When a byte last came, as `performance.now()`. */
  lastByteAt: number = performance.now();

  /**
   * `shortIsEmpty` says that a read brings all there is or all it has room for,
   * as the kernel's streams do and TLS does not: then handlers need not wait for
   * the next read to be pending. `onSettled` is called whenever the pending read
   * settles. Each chunk is shown to `gate` before it is framed.
   */
  constructor(
    transport: Transport,
    shortIsEmpty: boolean,
    filler: Filler,
    surplus: Uint8Array,
    stats: ClientStats,
    onSettled: () => void,
    gate?: TapGate,
  ) {
    this.#transport = transport;
    this.#shortIsEmpty = shortIsEmpty;
    this.#filler = filler;
    this.#surplus = surplus;
    this.#stats = stats;
    this.#onSettled = onSettled;
    this.#gate = gate;
  }

  /** So much is read at once from now on, at most. */
  set chunkBytes(bytes: number) {
    this.#filler.chunkBytes = bytes;
  }

  get chunkBytes(): number {
    return this.#filler.chunkBytes;
  }

  /** Whether a drain would find something at once. */
  get ready(): boolean {
    return this.#settled || this.#tappedBytes > 0 && !this.#gate!.waiting;
  }

  /**
   * Reads until nothing more is there or a limit is reached (a server faster
   * than this side never lets the socket get empty), framing each chunk while
   * it is in cache. `started` is the time now. Throws what the connection, the
   * framing or the tap threw.
   */
  async drain(drainBytes: number, drainMs: number, started: number): Promise<DrainEnd> {
    let bytes = 0;
    while (true) {
      if (this.#tappedBytes > 0) {
        if (this.#gate!.waiting) return "tapped";
        this.#commitTapped();
      }
      if (!this.#reading && !this.#begin()) return "full";
      const microtasks = this.#emptied ? 0 : READY_MICROTASKS;
      for (let i = 0; i < microtasks && !this.#settled; i++) await MICROTASK;
      this.#emptied = false;
      if (!this.#settled) {
        this.#stats.drainsEmpty += 1;
        return "empty";
      }
      const asked = this.#room.length;
      const count = this.#take();
      if (count === null) return "end";
      if (this.#gate === undefined) this.#filler.commit(count);
      else if (!this.#tap(this.#gate, count)) return "tapped";
      bytes += count;
      this.#emptied = this.#shortIsEmpty && count < asked;
      const now = performance.now();
      this.lastByteAt = now;
      if (bytes >= drainBytes || now - started >= drainMs) {
        this.#stats.drainsAtLimit += 1;
        return "limit";
      }
      if (this.#emptied) return "short";
    }
  }

  /** Begins to read, unless that is under way or there is no room: then what comes makes this {@linkcode ready}. */
  arm(): void {
    if (!this.#reading && this.#tappedBytes === 0) this.#begin();
  }

  /** Shows a chunk to the tap and frames it; false if the tap is not done with it. */
  #tap(gate: TapGate, count: number): boolean {
    this.lastByteAt = performance.now();
    this.#tappedBytes = count;
    gate.show(this.#room.subarray(0, count), this.#filler.bytes);
    if (gate.waiting) return false;
    this.#commitTapped();
    return true;
  }

  /** What the tap has seen is framed, whatever came of that. */
  #commitTapped(): void {
    const count = this.#tappedBytes;
    this.#tappedBytes = 0;
    this.#filler.commit(count);
    const error = this.#gate?.error;
    if (error !== undefined) throw error;
  }

  /** Ends reading before the server does: closes the connection, and frames what a read had brought by then. */
  async stop(): Promise<void> {
    closeQuietly(this.#transport);
    try {
      if (this.#tappedBytes > 0) this.#commitTapped();
      if (!this.#reading) return;
      for (let i = 0; i < READY_MICROTASKS && !this.#settled; i++) await MICROTASK;
      const count = this.#settled ? this.#take() : null;
      if (count === null) return;
      this.#gate?.show(this.#room.subarray(0, count), this.#filler.bytes);
      this.#filler.commit(count);
    } catch {
      // How the connection, the framing or the tap failed does not matter any more.
    }
  }

  #begin(): boolean {
    const room = this.#filler.room();
    if (room === undefined) return false;
    this.#reading = true;
    this.#room = room;
    if (this.#surplus.length > 0) {
      this.#resolve(this.#takeSurplus(room));
      return true;
    }
    this.#transport.read(room).then(this.#resolve, this.#reject);
    return true;
  }

  #takeSurplus(room: Uint8Array): number {
    const part = this.#surplus.subarray(0, room.length);
    room.set(part);
    this.#surplus = this.#surplus.subarray(part.length);
    return part.length;
  }

  #take(): number | null {
    this.#reading = false;
    this.#settled = false;
    if (this.#failed) throw this.#error;
    return readOf(this.#room, this.#count);
  }
}
