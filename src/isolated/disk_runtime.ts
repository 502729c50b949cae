/**
 * What runs in the worker that has a directory: stores of this isolate, for who
 * has the other end of a port. Records are written from where their frames lie,
 * in memory that both share.
 *
 * @module
 */

import { openSpill } from "../spill/open.ts";
import type { OpenOptions } from "../spill/options.ts";
import type { SpillReader } from "../spill/reader.ts";
import type { SpillStore } from "../spill/store.ts";
import { toSent } from "./sent_error.ts";
import type {
  OpenedStore,
  Sent,
  SentRead,
  StoreAnswer,
  StoreNotice,
  StoreOrder,
  StoreQuestion,
} from "./store_messages.ts";

/** Memory for records that are read back grows in steps of so much. */
const ROOM_STEP_BYTES = 64 * 1024;

/** A reader, and the memory in which it gives records to the other side. */
interface ServedReader {
  reader: SpillReader;
  room: Uint8Array<SharedArrayBuffer>;
}

class StoreServer {
  readonly #port: MessagePort;
  readonly #stores: SpillStore[] = [];
  readonly #readers = new Map<number, ServedReader>();

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }) => this.#follow(data);
  }

  #follow(order: StoreOrder): void {
    if ("tell" in order) return this.#heed(order);
    const { id } = order;
    this.#answer(order).then(
      (value) => this.#post({ id, value }),
      (error) => this.#post({ id, error: toSent(error) }),
    );
  }

  #heed(notice: StoreNotice): void {
    switch (notice.tell) {
      case "acknowledge":
        return this.#stores[notice.store].acknowledge(notice.cursor, notice.position);
      case "skip":
        return this.#readers.get(notice.reader)?.reader.skip();
      case "leave":
        this.#readers.get(notice.reader)?.reader[Symbol.dispose]();
        this.#readers.delete(notice.reader);
    }
  }

  async #answer(question: StoreQuestion): Promise<unknown> {
    switch (question.ask) {
      case "open":
        return await this.#open(question.directory, question.options);
      case "register":
        return await this.#stores[question.store].registerCursor(question.cursor);
      case "append":
        return sent(
          await this.#stores[question.store].appendAll(question.records, question.sequence),
        );
      case "sync":
        return sent(await this.#stores[question.store].sync());
      case "read":
        return await this.#read(question);
      case "close":
        return await this.#stores[question.store].close();
      case "end":
        return undefined;
    }
  }

  async #open(directory: string, options: OpenOptions | undefined): Promise<OpenedStore> {
    const store = await openSpill(directory, options);
    using oldest = store.reader();
    const number = this.#stores.push(store) - 1;
    return { store: number, last: store.last, oldest: oldest.sequence };
  }

  async #read(
    { store, reader: number, from }: Extract<StoreQuestion, { ask: "read" }>,
  ): Promise<SentRead> {
    const served = this.#readers.get(number) ??
      { reader: this.#stores[store].reader(from), room: roomOf(0) };
    this.#readers.set(number, served);
    const result = await served.reader.next((bytes) => {
      if (served.room.length < bytes) served.room = roomOf(bytes);
      return served.room.subarray(0, bytes);
    });
    return { result: sent(result), sequence: served.reader.sequence };
  }

  #post(answer: StoreAnswer): void {
    this.#port.postMessage(answer);
  }
}

function roomOf(bytes: number): Uint8Array<SharedArrayBuffer> {
  const whole = Math.ceil(bytes / ROOM_STEP_BYTES) * ROOM_STEP_BYTES;
  return new Uint8Array(new SharedArrayBuffer(whole));
}

/** A result as it is posted. */
function sent<T extends { type: string }>(result: T): Sent<T> {
  const { error } = result as { error?: unknown };
  return (error === undefined ? result : { ...result, error: toSent(error) }) as Sent<T>;
}

/** Serves the port that this worker is posted first. */
export function serve(): void {
  const scope = globalThis as unknown as {
    onmessage: (event: { data: { port: MessagePort } }) => void;
  };
  scope.onmessage = ({ data }) => void new StoreServer(data.port);
}
