/**
 * What runs in the worker that has a directory: the disk of this isolate, for who
 * has the other end of a port.
 *
 * @module
 */

import { DenoDisk } from "../spill/deno_disk.ts";
import type { Disk, DiskFile } from "../spill/disk.ts";
import type { DiskAnswer, DiskOrder, DiskQuestion } from "./disk_messages.ts";
import { toSent } from "./sent_error.ts";

class DiskServer {
  readonly #port: MessagePort;
  readonly #disks = new Map<string, Disk>();
  readonly #files = new Map<number, DiskFile>();
  readonly #locks = new Map<number, Disposable>();
  #last = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }) => this.#follow(data);
  }

  #follow(order: DiskOrder): void {
    if ("give" in order) {
      // At once: what is asked next may be the same file, or the same lock.
      if (order.give === "file") this.#take(this.#files, order.file)?.close();
      else this.#take(this.#locks, order.lock)?.[Symbol.dispose]();
      return;
    }
    const { id } = order;
    this.#answer(order).then(
      (value) => this.#post({ id, value }),
      (error) => this.#post({ id, error: toSent(error) }),
    );
  }

  async #answer(question: DiskQuestion): Promise<unknown> {
    switch (question.ask) {
      case "list":
        return await this.#disk(question.directory).list();
      case "open": {
        const { directory, name, mode } = question;
        return this.#keep(this.#files, await this.#disk(directory).open(name, mode));
      }
      case "rename":
        return await this.#disk(question.directory).rename(question.from, question.to);
      case "remove":
        return await this.#disk(question.directory).remove(question.name);
      case "sync":
        return await this.#disk(question.directory).sync();
      case "lock": {
        const lock = await this.#disk(question.directory).lock(question.name);
        return lock && this.#keep(this.#locks, lock);
      }
      case "size":
        return await this.#file(question.file).size();
      case "read":
        return await this.#file(question.file).read(question.into, question.position);
      case "write":
        return await this.#file(question.file).write(question.bytes, question.position);
      case "truncate":
        return await this.#file(question.file).truncate(question.bytes);
      case "sync_file":
        return await this.#file(question.file).sync();
      case "end":
        return undefined;
    }
  }

  #disk(directory: string): Disk {
    const disk = this.#disks.get(directory) ??
      new DenoDisk(directory, "read and write", "blocking");
    this.#disks.set(directory, disk);
    return disk;
  }

  #file(number: number): DiskFile {
    // INVARIANT: only what is open is asked for.
    return this.#files.get(number)!;
  }

  #keep<T>(all: Map<number, T>, one: T): number {
    all.set(++this.#last, one);
    return this.#last;
  }

  #take<T>(all: Map<number, T>, number: number): T | undefined {
    const one = all.get(number);
    all.delete(number);
    return one;
  }

  #post(answer: DiskAnswer): void {
    this.#port.postMessage(answer);
  }
}

/** Serves the port that this worker is posted first. */
export function serve(): void {
  const scope = globalThis as unknown as {
    onmessage: (event: { data: { port: MessagePort } }) => void;
  };
  scope.onmessage = ({ data }) => void new DiskServer(data.port);
}
