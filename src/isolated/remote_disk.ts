/**
 * A directory as the reader sees it, which may not touch a file: behind a port.
 *
 * @module
 */

import { withResolvers } from "../deferred.ts";
import type { Disk, DiskFile, OpenMode } from "../spill/disk.ts";
import { type DiskOperation, SpillIoError } from "../spill/errors.ts";
import type { DiskAnswer, DiskOrder, DiskQuestion } from "./disk_messages.ts";
import { fromSent } from "./sent_error.ts";

/** Bytes that are not in memory to share go by way of so much that is. */
const STAGING_BYTES = 64 * 1024;

interface Asked {
  operation: DiskOperation;
  path: string;
  settle: PromiseWithResolvers<unknown>;
}

/** The way to the worker that has a directory. */
export class DiskLink {
  /** The directory. */
  readonly directory: string;
  readonly #port: MessagePort;
  readonly #asked = new Map<number, Asked>();
  #last = 0;
  #death: string | undefined;

  constructor(directory: string, port: MessagePort) {
    this.directory = directory;
    this.#port = port;
    port.onmessage = ({ data }) => this.#heed(data);
  }

  /** The directory itself, or one within. */
  has(path: string): boolean {
    return path === this.directory || path.startsWith(`${this.directory}/`);
  }

  /** Asks for something, of the file or directory `path`; rejects with what the disk threw there. */
  ask<T>(operation: DiskOperation, path: string, question: DiskQuestion): Promise<T> {
    const settle = withResolvers<unknown>();
    if (this.#death !== undefined) settle.reject(this.#dead(operation, path));
    else {
      const id = ++this.#last;
      this.#asked.set(id, { operation, path, settle });
      this.#post({ id, ...question });
    }
    return settle.promise as Promise<T>;
  }

  /** Gives up a file or a lock. */
  give(order: Extract<DiskOrder, { give: string }>): void {
    if (this.#death === undefined) this.#post(order);
  }

  /** The worker has died: the disk refuses whatever it is asked. */
  died(message: string): void {
    this.#death = message;
    for (const { operation, path, settle } of this.#asked.values()) {
      settle.reject(this.#dead(operation, path));
    }
    this.#asked.clear();
  }

  /** Resolves when all is given up that was. */
  async end(): Promise<void> {
    if (this.#death === undefined) {
      await this.ask("sync", this.directory, { ask: "end" }).catch(() => {});
    }
    this.#port.close();
  }

  #heed({ id, value, error }: DiskAnswer): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error === undefined) asked?.settle.resolve(value);
    else asked?.settle.reject(fromSent(error));
  }

  #dead(operation: DiskOperation, path: string): SpillIoError {
    return new SpillIoError(operation, path, `the worker of this directory died: ${this.#death}`);
  }

  #post(order: DiskOrder): void {
    this.#port.postMessage(order);
  }
}

/** A directory behind a port. */
export class RemoteDisk implements Disk {
  readonly path: string;
  readonly #link: DiskLink;

  constructor(link: DiskLink, path: string) {
    this.#link = link;
    this.path = path;
  }

  async list(): Promise<string[]> {
    return await this.#ask("list", this.path, { ask: "list", directory: this.path });
  }

  async open(name: string, mode: OpenMode): Promise<DiskFile> {
    const path = `${this.path}/${name}`;
    const question = { ask: "open", directory: this.path, name, mode } as const;
    return new RemoteFile(this.#link, path, await this.#ask<number>("open", path, question));
  }

  async rename(from: string, to: string): Promise<void> {
    const question = { ask: "rename", directory: this.path, from, to } as const;
    await this.#ask("rename", `${this.path}/${from}`, question);
  }

  async remove(name: string): Promise<void> {
    const question = { ask: "remove", directory: this.path, name } as const;
    await this.#ask("remove", `${this.path}/${name}`, question);
  }

  async sync(): Promise<void> {
    await this.#ask("sync", this.path, { ask: "sync", directory: this.path });
  }

  async lock(name: string): Promise<Disposable | undefined> {
    const question = { ask: "lock", directory: this.path, name } as const;
    const lock = await this.#ask<number | undefined>("lock", `${this.path}/${name}`, question);
    if (lock === undefined) return undefined;
    return { [Symbol.dispose]: () => this.#link.give({ give: "lock", lock }) };
  }

  #ask<T>(operation: DiskOperation, path: string, question: DiskQuestion): Promise<T> {
    return this.#link.ask<T>(operation, path, question);
  }
}

/** An open file behind a port. */
class RemoteFile implements DiskFile {
  readonly #link: DiskLink;
  readonly #path: string;
  readonly #file: number;
  #staging = new Uint8Array(new SharedArrayBuffer(0));

  constructor(link: DiskLink, path: string, file: number) {
    this.#link = link;
    this.#path = path;
    this.#file = file;
  }

  async size(): Promise<number> {
    return await this.#ask("read", { ask: "size", file: this.#file });
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const own = { ask: "read", file: this.#file, position } as const;
    if (isShared(into)) return await this.#ask("read", { ...own, into });
    const room = this.#room(into.length);
    const count = await this.#ask<number>("read", { ...own, into: room });
    into.set(room.subarray(0, count));
    return count;
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    const own = { ask: "write", file: this.#file, position } as const;
    if (isShared(bytes)) return await this.#ask("write", { ...own, bytes });
    const room = this.#room(bytes.length);
    room.set(bytes.subarray(0, room.length));
    return await this.#ask("write", { ...own, bytes: room });
  }

  async truncate(bytes: number): Promise<void> {
    await this.#ask("truncate", { ask: "truncate", file: this.#file, bytes });
  }

  async sync(): Promise<void> {
    await this.#ask("sync", { ask: "sync_file", file: this.#file });
  }

  close(): void {
    this.#link.give({ give: "file", file: this.#file });
  }

  /** Memory to share for up to `bytes`, used again by the next operation: there is one at a time. */
  #room(bytes: number): Uint8Array<SharedArrayBuffer> {
    const length = Math.min(bytes, STAGING_BYTES);
    if (this.#staging.length < length) {
      this.#staging = new Uint8Array(new SharedArrayBuffer(length));
    }
    return this.#staging.subarray(0, length);
  }

  #ask<T>(operation: DiskOperation, question: DiskQuestion): Promise<T> {
    return this.#link.ask<T>(operation, this.#path, question);
  }
}

function isShared(bytes: Uint8Array): bytes is Uint8Array<SharedArrayBuffer> {
  return bytes.buffer instanceof SharedArrayBuffer;
}
