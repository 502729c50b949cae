/**
 * Frames on standard output.
 *
 * @module
 */

import type { Batch, Handler } from "../mod.ts";
import { notHandled } from "../src/dispatch/handler.ts";
import type { FrameFormat } from "./frame_format.ts";
import { OutputBuffer } from "./output_buffer.ts";
import { outputError } from "./standard_streams.ts";
import type { StatusLine } from "./status_line.ts";

/** Bytes worth a write while more frames wait. */
const WRITE_BYTES = 64 * 1024;

/** What {@linkcode FrameOutput} needs. */
export interface FrameOutputOptions {
  /** How a frame is put out; without one it is only counted. */
  format: FrameFormat | undefined;
  /** Writes each batch before it counts as handled, so that a journal lets the others come again. */
  everyBatch: boolean;
  /** Frames after which it ends. */
  limit: number;
  /** Kept clear while a terminal is written to. */
  status: StatusLine;
  /** Called once, when no more frames are wanted. */
  onEnd: (why: "limit" | "output_closed") => void;
}

/**
 * Encodes batches and writes them whole. While a write is under way its batch
 * stays out, so that the reader goes on filling slabs and a slow standard
 * output holds it back only when all are full.
 */
export class FrameOutput implements Handler {
  /** Frames put out. */
  frames = 0;
  readonly #options: FrameOutputOptions;
  readonly #buffer = new OutputBuffer();
  readonly #onTerminal = Deno.stdout.isTerminal();
  #ended = false;

  /** Writes to standard output. */
  constructor(options: FrameOutputOptions) {
    this.#options = options;
  }

  /** Puts the batch out; a promise if it is written now and not with a later one. */
  batch(batch: Batch): void | Promise<void> {
    if (this.#ended) return notHandled();
    const { format, limit, everyBatch } = this.#options;
    const count = Math.min(batch.count, limit - this.frames);
    if (format !== undefined) {
      for (let i = 0; i < count; i++) format(batch, i, this.#buffer);
    }
    this.frames += count;
    if (this.frames === limit) this.#end("limit");
    const due = everyBatch || this.#buffer.length >= WRITE_BYTES || batch.pending === 0 ||
      this.#ended;
    const flushed = due && this.#buffer.length > 0 ? this.#flush() : undefined;
    if (count === batch.count) return flushed;
    // Frames beyond the limit are for who comes next.
    return (flushed ?? Promise.resolve()).then(notHandled);
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    if (this.#buffer.length > 0) await this.#flush();
  }

  async #flush(): Promise<void> {
    const { status } = this.#options;
    if (this.#onTerminal) status.hide();
    try {
      await writeAll(this.#buffer.take());
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw outputError(error);
      this.#end("output_closed");
      return await notHandled();
    } finally {
      if (this.#onTerminal) status.restore();
    }
  }

  #end(why: "limit" | "output_closed"): void {
    this.#ended = true;
    this.#options.onEnd(why);
  }
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
