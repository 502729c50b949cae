/**
 * A batch as a message to the child, and back there. The payload is what is
 * written to a spill directory, too; see `BatchCodec`.
 *
 * @module
 */

import { type Batch, SlabBatch } from "../../batch.ts";
import { BatchCodec, codecOf } from "../../spill/batch_codec.ts";
import { describeBatch, roundUp } from "../../spill/batch_head.ts";
import { RecordKind } from "../../spill/format.ts";
import type { ClientStats } from "../../status.ts";
import { HEADER_BYTES, ToChild } from "./protocol.ts";

const PREFIX_BYTES = 32;
/** A write costs more than copying this. */
const COPY_BYTES_MAX = 16 * 1024;

/** Makes messages of batches, in memory that is used again and again. */
export class BatchEncoder {
  #scratch = new Uint8Array(64 * 1024);

  /**
   * The message, valid until the next one is made and while the batch is on
   * loan: what describes the frames in one piece, and the frames where they
   * are, or copied behind it if they are few bytes.
   */
  encode(batch: Batch, stats: ClientStats): Uint8Array[] {
    if (!(batch instanceof SlabBatch)) throw new TypeError("expected a batch of a client's");
    const { store, first } = batch.loan;
    const { info, parts } = codecOf(batch.loan).encode(store, first, batch.count);
    const data = parts[parts.length - 1];
    const copied = data.length <= COPY_BYTES_MAX ? parts : parts.slice(0, -1);
    const statsBytes = new TextEncoder().encode(JSON.stringify(stats));
    const payloadAt = PREFIX_BYTES + roundUp(statsBytes.length);
    const headBytes = HEADER_BYTES + payloadAt + sum(copied);
    const bodyBytes = payloadAt + sum(parts);
    // INVARIANT: a slab and its index are far smaller than what a length can say.
    if (bodyBytes >= 2 ** 32) throw new RangeError(`a batch of ${bodyBytes} bytes`);
    const head = this.#room(headBytes);
    const view = new DataView(head.buffer);
    view.setUint32(0, ToChild.batch, true);
    view.setUint32(4, bodyBytes, true);
    view.setUint32(HEADER_BYTES, info.epoch, true);
    view.setUint32(HEADER_BYTES + 4, info.frameCount, true);
    view.setFloat64(HEADER_BYTES + 8, info.streamOffset, true);
    view.setFloat64(HEADER_BYTES + 16, batch.pending, true);
    view.setUint32(HEADER_BYTES + 24, statsBytes.length, true);
    head.set(statsBytes, HEADER_BYTES + PREFIX_BYTES);
    let at = HEADER_BYTES + payloadAt;
    for (const part of copied) {
      head.set(part, at);
      at += part.length;
    }
    return copied === parts ? [head] : [head, data];
  }

  #room(bytes: number): Uint8Array<ArrayBuffer> {
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(2 * bytes);
    return this.#scratch.subarray(0, bytes) as Uint8Array<ArrayBuffer>;
  }
}

/** The batch in a message's body, which begins at a multiple of 8; its frames lie there. */
export function decodeBatch(body: Uint8Array): { batch: SlabBatch; stats: ClientStats } {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const statsBytes = view.getUint32(24, true);
  const payload = body.subarray(PREFIX_BYTES + roundUp(statsBytes));
  const { columns, raw } = describeBatch(payload).descriptor;
  const frameCount = view.getUint32(4, true);
  const store = new BatchCodec(columns, raw).decode({
    kind: RecordKind.batch,
    epoch: view.getUint32(0, true),
    frameCount,
    streamOffset: view.getFloat64(8, true),
    payloadBytes: payload.length,
    sequence: 0,
    timeMicros: 0,
  }, payload);
  const batch = new SlabBatch(store, columns.map(({ name }) => name), raw);
  batch.lend(0, frameCount, view.getFloat64(16, true));
  const stats = body.subarray(PREFIX_BYTES, PREFIX_BYTES + statsBytes);
  return { batch, stats: JSON.parse(new TextDecoder().decode(stats)) };
}

function sum(parts: readonly Uint8Array[]): number {
  return parts.reduce((bytes, part) => bytes + part.length, 0);
}
