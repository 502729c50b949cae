/**
 * The reader: drains a connection into slabs.
 *
 * ```text
 *           ┌──── settled: commit ────┐
 *           ▼                         │
 *  room() ──┬─▶ read pending ── 4 microtasks ──▶ still pending: "empty"
 *           └─▶ none free: "full"     ├── limit reached: "limit"   null: "end"
 *                                     └── less than asked for, of a kernel's stream: "short"
 * ```
 *
 * @module
 */

import type { ClientStats } from "../status.ts";
import { closeQuietly } from "../transport/open.ts";
import type { Transport } from "../transport/transport.ts";
import type { Filler } from "./filler.ts";

/**
 * Why a drain ended: nothing more is there (`empty`), a short read says so and
 * the next drain will make sure (`short`), its bytes or time are used up
 * (`limit`), no slab is free (`full`), or the server closed (`end`).
 */
export type DrainEnd = "empty" | "short" | "limit" | "full" | "end";

/** A ready read of Deno's settles within two microtasks; four leave room for wrapped transports. */
const READY_MICROTASKS = 4;

/** Reads one connection. */
export class Reader {
  readonly #transport: Transport;
  readonly #filler: Filler;
  readonly #stats: ClientStats;
  readonly #shortIsEmpty: boolean;
  readonly #onSettled: () => void;
  /** A read is under way or settled and not yet taken; its room is reserved. */
  #reading = false;
  #settled = false;
  /** Bytes the read has room for. */
  #asked = 0;
  #count: number | null = null;
  #failed = false;
  #error: unknown;
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
   * settles.
   */
  constructor(
    transport: Transport,
    shortIsEmpty: boolean,
    filler: Filler,
    surplus: Uint8Array,
    stats: ClientStats,
    onSettled: () => void,
  ) {
    this.#transport = transport;
    this.#shortIsEmpty = shortIsEmpty;
    this.#filler = filler;
    this.#surplus = surplus;
    this.#stats = stats;
    this.#onSettled = onSettled;
  }

  /** Whether a drain would find something at once. */
  get ready(): boolean {
    return this.#settled;
  }

  /**
   * Reads until nothing more is there or a limit is reached (a server faster
   * than this side never lets the socket get empty), framing each chunk while
   * it is in cache. `started` is the time now. Throws what the connection or
   * the framing threw.
   */
  async drain(drainBytes: number, drainMs: number, started: number): Promise<DrainEnd> {
    let bytes = 0;
    while (true) {
      if (!this.#reading && !this.#begin()) return "full";
      for (let i = 0; i < READY_MICROTASKS && !this.#settled; i++) await undefined;
      if (!this.#settled) {
        this.#stats.drainsEmpty += 1;
        return "empty";
      }
      const asked = this.#asked;
      const count = this.#take();
      if (count === null) return "end";
      this.#filler.commit(count);
      bytes += count;
      const now = performance.now();
      this.lastByteAt = now;
      if (bytes >= drainBytes || now - started >= drainMs) {
        this.#stats.drainsAtLimit += 1;
        return "limit";
      }
      if (count < asked && this.#shortIsEmpty) return "short";
    }
  }

  /** Ends reading before the server does: closes the connection, and frames what a read had brought by then. */
  async stop(): Promise<void> {
    closeQuietly(this.#transport);
    if (!this.#reading) return;
    for (let i = 0; i < READY_MICROTASKS && !this.#settled; i++) await undefined;
    if (!this.#settled) return;
    try {
      const count = this.#take();
      if (count !== null) this.#filler.commit(count);
    } catch {
      // How the connection or the framing failed does not matter any more.
    }
  }

  #begin(): boolean {
    const room = this.#filler.room();
    if (room === undefined) return false;
    this.#reading = true;
    this.#asked = room.length;
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
    return this.#count;
  }
}
