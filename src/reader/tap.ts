/**
 * The tap: somebody who sees each chunk as it came, before it is framed.
 *
 * @module
 */

import { messageOf, SpillwayError } from "../errors.ts";

/** The bytes of one read. */
export interface Chunk {
  /** As they came; a view that is valid until the tap is done with it, or its client ends, which frames it all the same: escapes are undone in place. */
  readonly bytes: Uint8Array;
  /** Offset of the first byte in the connection's stream, from 0 behind what the handshake read. */
  readonly streamOffset: number;
  /** Which connection it came on, see {@linkcode Batch.epoch}. */
  readonly epoch: number;
  /**
   * When it came, in microseconds since 1970, by a clock that began with the
   * process and only goes forward.
   */
  readonly timeMicros: number;
}

/**
 * Sees each chunk before it is framed. While what it returned is not settled
 * the chunk is not framed and reading is paused, which is counted and told as
 * for a full buffer. What it throws ends the client.
 */
export type Tap = (chunk: Chunk) => void | Promise<void>;

/** A tap threw; `cause` is what. The chunk was framed all the same, and the client stops. */
export class TapError extends SpillwayError {
  /** Class name. */
  override name = "TapError";

  /** Names the place in the stream. */
  constructor(cause: unknown, { bytes, epoch, streamOffset }: Chunk) {
    super(
      `the tap threw at ${bytes.length} bytes at offset ${streamOffset} of connection ${epoch}: ` +
        messageOf(cause),
      { cause },
    );
  }
}

/** Shows the chunks of one connection to a tap. */
export class TapGate {
  readonly #tap: Tap;
  readonly #epoch: number;
  readonly #onOpen: () => void;
  #waiting = false;
  #error: TapError | undefined;

  /** `onOpen` is called when the tap is done with a chunk it had to wait for. */
  constructor(tap: Tap, epoch: number, onOpen: () => void) {
    this.#tap = tap;
    this.#epoch = epoch;
    this.#onOpen = onOpen;
  }

  /** Whether the tap still has a chunk. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** What the tap threw. */
  get error(): TapError | undefined {
    return this.#error;
  }

  /** Shows a chunk. */
  show(bytes: Uint8Array, streamOffset: number): void {
    const timeMicros = Math.round((performance.timeOrigin + performance.now()) * 1000);
    const chunk: Chunk = { bytes, streamOffset, epoch: this.#epoch, timeMicros };
    const fail = (error: unknown) => this.#error ??= new TapError(error, chunk);
    try {
      const settling = this.#tap(chunk);
      if (settling === undefined) return;
      this.#waiting = true;
      Promise.resolve(settling).catch(fail).then(() => {
        this.#waiting = false;
        this.#onOpen();
      });
    } catch (error) {
      fail(error);
    }
  }
}
