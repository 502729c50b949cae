/**
 * A directory of the operating system, by Deno's file API.
 *
 * @module
 */

import type { Disk, DiskFile, OpenMode } from "./disk.ts";
import { type DiskOperation, SpillIoError, SpillPermissionError } from "./errors.ts";

const OPEN_OPTIONS: Readonly<Record<OpenMode, Deno.OpenOptions>> = {
  read: { read: true },
  write: { read: true, write: true },
  create: { read: true, write: true, create: true, truncate: true },
};

/** Whether a directory can be opened to be synced; NTFS journals names by itself. */
const SYNCS_DIRECTORIES = () => Deno.build.os !== "windows";

/** The first that can ask for a lock. */
const OLDEST_DENO = "2.7";

/**
 * The directory at `path`, which is made when its lock is taken. Needs
 * `--allow-read=DIR --allow-write=DIR`, with `access: "read"` the first only; a
 * missing one is a `SpillPermissionError`.
 */
export class DenoDisk implements Disk {
  readonly path: string;
  readonly #access: "read" | "read and write";

  /** With `access: "read"` nothing is made or changed. */
  constructor(path: string, access: "read" | "read and write" = "read and write") {
    this.path = path;
    this.#access = access;
  }

  async list(): Promise<string[]> {
    return await this.#ask("list", this.path, async () => {
      const names: string[] = [];
      for await (const entry of Deno.readDir(this.path)) if (entry.isFile) names.push(entry.name);
      return names;
    });
  }

  async open(name: string, mode: OpenMode): Promise<DiskFile> {
    const path = this.#pathOf(name);
    const file = await this.#ask("open", path, () => Deno.open(path, OPEN_OPTIONS[mode]));
    const askOf: Ask = (operation, ask) => this.#ask(operation, path, ask);
    return new DenoFile(file, askOf);
  }

  async rename(from: string, to: string): Promise<void> {
    const path = this.#pathOf(from);
    await this.#ask("rename", path, () => Deno.rename(path, this.#pathOf(to)));
  }

  async remove(name: string): Promise<void> {
    const path = this.#pathOf(name);
    await this.#ask("remove", path, () => Deno.remove(path));
  }

  async sync(): Promise<void> {
    if (!SYNCS_DIRECTORIES()) return;
    await this.#ask("sync", this.path, async () => {
      using directory = await Deno.open(this.path);
      await directory.sync();
    });
  }

  async lock(name: string): Promise<Disposable | undefined> {
    await this.#ask("lock", this.path, () => makeDirectory(this.path));
    const path = this.#pathOf(name);
    return await this.#ask("lock", path, async () => {
      refuseOldDeno();
      // Never removed: who has the file open and who makes it anew would both hold a lock.
      const file = await Deno.open(path, { read: true, write: true, create: true });
      if (await file.tryLock(true)) return file;
      file.close();
      return undefined;
    });
  }

  /** What a file has in common under all its paths; the path where the system has nothing better. */
  async identityOf(name: string): Promise<string> {
    const path = this.#pathOf(name);
    const { dev, ino } = await this.#ask("lock", path, () => Deno.stat(path));
    return ino === null ? path : `${dev}:${ino}`;
  }

  #pathOf(name: string): string {
    return `${this.path}/${name}`;
  }

  async #ask<T>(operation: DiskOperation, path: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error instanceof Deno.errors.NotCapable) {
        throw new SpillPermissionError(this.path, this.#access, error);
      }
      const { code } = error as { code?: string };
      throw new SpillIoError(operation, path, error.message, code, error);
    }
  }
}

/** An older one can only wait for a lock, for as long as another process has it. */
function refuseOldDeno(): void {
  if ("tryLock" in Deno.FsFile.prototype) return;
  throw new Error(`a directory needs Deno ${OLDEST_DENO} or newer, this is ${Deno.version.deno}`);
}

/** Says of a file what it is not: the system says that it exists. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    throw Object.assign(new Error("it is no directory", { cause }), { code: "ENOTDIR" });
  }
}

type Ask = <T>(operation: DiskOperation, ask: () => Promise<T>) => Promise<T>;

/**
 * Deno's files have a position of their own; it is moved only when it is not
 * where it has to be. It is unknown while an operation is under way, and stays so
 * when that fails.
 */
class DenoFile implements DiskFile {
  readonly #file: Deno.FsFile;
  readonly #ask: Ask;
  #position = 0;

  constructor(file: Deno.FsFile, ask: Ask) {
    this.#file = file;
    this.#ask = ask;
  }

  async size(): Promise<number> {
    return (await this.#ask("read", () => this.#file.stat())).size;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return await this.#ask("read", async () => {
      if (position !== this.#position) await this.#seek(position);
      this.#position = NaN;
      const count = await this.#file.read(into) ?? 0;
      this.#position = position + count;
      return count;
    });
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    return await this.#ask("write", async () => {
      if (position !== this.#position) await this.#seek(position);
      this.#position = NaN;
      const count = await this.#file.write(bytes);
      if (count === 0) throw new Error("nothing was written");
      this.#position = position + count;
      return count;
    });
  }

  async truncate(bytes: number): Promise<void> {
    await this.#ask("truncate", () => this.#file.truncate(bytes));
  }

  async sync(): Promise<void> {
    await this.#ask("sync", () => this.#file.syncData());
  }

  close(): void {
    this.#file.close();
  }

  async #seek(position: number): Promise<void> {
    await this.#file.seek(position, Deno.SeekMode.Start);
  }
}
