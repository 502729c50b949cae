/**
 * A store as the reader sees it, which may not touch a file: behind a port.
 *
 * @module
 */

import { withResolvers } from "../deferred.ts";
import type { Position } from "../spill/cursors.ts";
import { type DiskError, SpillIoError } from "../spill/errors.ts";
import type { OpenOptions } from "../spill/options.ts";
import type { ReadResult } from "../spill/reader.ts";
import type { GivenRecord, RecordReader, RecordStore } from "../spill/record_store.ts";
import type { AppendResult, SyncResult } from "../spill/result.ts";
import { fromSent } from "./sent_error.ts";
import type {
  OpenedStore,
  Sent,
  SentRead,
  StoreAnswer,
  StoreNotice,
  StoreOrder,
  StoreQuestion,
} from "./store_messages.ts";

/** The way to the worker that has a directory. */
export class StoreLink {
  /** The directory. */
  readonly directory: string;
  readonly #port: MessagePort;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;
  #death: SpillIoError | undefined;

  constructor(directory: string, port: MessagePort) {
    this.directory = directory;
    this.#port = port;
    port.onmessage = ({ data }) => this.#heed(data);
  }

  /** The directory itself, or one within. */
  has(path: string): boolean {
    return path === this.directory || path.startsWith(`${this.directory}/`);
  }

  /** Opens a store there. */
  async open(directory: string, options: OpenOptions | undefined): Promise<RecordStore> {
    return new RemoteStore(this, await this.ask({ ask: "open", directory, options }));
  }

  /** A number that no other reader has. */
  number(): number {
    return ++this.#last;
  }

  /** Asks for something; rejects with what was thrown there. */
  ask<T>(question: StoreQuestion): Promise<T> {
    const settle = withResolvers<unknown>();
    if (this.#death !== undefined) settle.reject(this.#death);
    else {
      const id = ++this.#last;
      this.#asked.set(id, settle);
      this.#post({ id, ...question });
    }
    return settle.promise as Promise<T>;
  }

  /** The same of what gives a result: a worker that has died is a disk that refuses. */
  async result<T extends { type: string }>(
    question: StoreQuestion,
  ): Promise<T | { type: "failed"; error: DiskError }> {
    try {
      return received(await this.ask<Sent<T>>(question));
    } catch (error) {
      return refused(error);
    }
  }

  /** Says what needs no answer. */
  tell(notice: StoreNotice): void {
    if (this.#death === undefined) this.#post(notice);
  }

  /** The worker has died. */
  get dead(): boolean {
    return this.#death !== undefined;
  }

  /** The worker has died: the disk refuses whatever it is asked. */
  died(message: string): void {
    const why = `the worker of this directory died: ${message}`;
    this.#death = new SpillIoError("open", this.directory, why);
    for (const settle of this.#asked.values()) settle.reject(this.#death);
    this.#asked.clear();
  }

  /** Resolves when all is given up that was. */
  async end(): Promise<void> {
    if (this.#death === undefined) await this.ask({ ask: "end" }).catch(() => {});
    this.#port.close();
  }

  #heed({ id, value, error }: StoreAnswer): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(fromSent(error));
  }

  #post(order: StoreOrder): void {
    this.#port.postMessage(order);
  }
}

/** A result with its error, if it has one, of its class again. */
function received<T>(sent: Sent<T>): T {
  const { error } = sent as { error?: Parameters<typeof fromSent>[0] };
  return (error === undefined ? sent : { ...sent, error: fromSent(error) }) as T;
}

function refused(error: unknown): { type: "failed"; error: DiskError } {
  if (error instanceof SpillIoError) return { type: "failed", error };
  throw error;
}

/** A store behind a port. */
class RemoteStore implements RecordStore {
  readonly #link: StoreLink;
  readonly #store: number;
  readonly #oldest: number;
  last: Position;

  constructor(link: StoreLink, { store, last, oldest }: OpenedStore) {
    this.#link = link;
    this.#store = store;
    this.#oldest = oldest;
    this.last = last;
  }

  async appendAll(records: readonly GivenRecord[], sequence?: number): Promise<AppendResult> {
    const question = { ask: "append", store: this.#store, records, sequence } as const;
    const result = await this.#link.result<AppendResult>(question);
    if (result.type === "appended") {
      const epoch = Math.max(this.last.epoch, ...records.map(({ info }) => info.epoch));
      this.last = { epoch, sequence: result.sequence };
    }
    return result;
  }

  async sync(): Promise<SyncResult> {
    const { dead } = this.#link;
    const result = await this.#link.result<SyncResult>({ ask: "sync", store: this.#store });
    // A worker that died meanwhile may have come to it.
    return result.type === "failed" ? { acknowledged: !dead, ...result } : result;
  }

  reader(sequence: number): RecordReader {
    return new RemoteReader(this.#link, this.#store, Math.max(sequence, this.#oldest));
  }

  async registerCursor(cursor: string): Promise<Position> {
    return await this.#link.ask({ ask: "register", store: this.#store, cursor });
  }

  acknowledge(cursor: string, position: Position): void {
    this.#link.tell({ tell: "acknowledge", store: this.#store, cursor, position });
  }

  async close(): Promise<void> {
    // A worker that has died has nothing open.
    await this.#link.ask({ ask: "close", store: this.#store }).catch(refused);
  }
}

/** A reader behind a port. */
class RemoteReader implements RecordReader {
  readonly #link: StoreLink;
  readonly #store: number;
  readonly #reader: number;
  sequence: number;

  constructor(link: StoreLink, store: number, sequence: number) {
    this.#link = link;
    this.#store = store;
    this.#reader = link.number();
    this.sequence = sequence;
  }

  async next(place?: (payloadBytes: number) => Uint8Array | undefined): Promise<ReadResult> {
    const own = { store: this.#store, reader: this.#reader, from: this.sequence };
    let sent: SentRead;
    try {
      sent = await this.#link.ask<SentRead>({ ask: "read", ...own });
    } catch (error) {
      return refused(error);
    }
    this.sequence = sent.sequence;
    const result = received<ReadResult>(sent.result);
    if (result.type !== "record") return result;
    const payload = place?.(result.payload.length);
    if (payload === undefined) return result;
    payload.set(result.payload);
    return { ...result, payload };
  }

  skip(): void {
    this.sequence += 1;
    this.#link.tell({ tell: "skip", reader: this.#reader });
  }

  [Symbol.dispose](): void {
    this.#link.tell({ tell: "leave", reader: this.#reader });
  }
}
