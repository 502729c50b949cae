/**
 * All that the store asks of a disk: one directory, flat.
 *
 * Every operation throws a `SpillIoError` when the operating system refuses it.
 *
 * @module
 */

/** An open file. Operations of one file are not started before the last one has ended, but for others beside a `sync()`. */
export interface DiskFile {
  /** Length in bytes. */
  size(): Promise<number>;
  /** Reads at `position`; gives how much, which may be less than asked for, and 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes at `position`; gives how much, which may be less than there is, but not 0. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** Cuts the file to `bytes`. */
  truncate(bytes: number): Promise<void>;
  /** Resolves when all that was written before is on disk, and the length with it (fdatasync). */
  sync(): Promise<void>;
  /** Closes the file. Says nothing of what is on disk. */
  close(): void;
}

/** How a file is opened: to be read, to be read and written, or anew and empty. */
export type OpenMode = "read" | "write" | "create";

/** A directory. Names are names of files in it. */
export interface Disk {
  /** Path of the directory, for messages. */
  readonly path: string;
  /** Names of all files. */
  list(): Promise<string[]>;
  /** Opens a file. */
  open(name: string, mode: OpenMode): Promise<DiskFile>;
  /** Gives a file another name; a file that had it is replaced, in one step. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. */
  remove(name: string): Promise<void>;
  /** Resolves when the names of files are on disk: what was made, renamed and removed. */
  sync(): Promise<void>;
  /** Takes the lock `name`, which ends with the process; `undefined` if somebody else has it. */
  lock(name: string): Promise<Disposable | undefined>;
}

/** Reads until `into` is full or the file ends; gives how much. */
export async function readFully(
  file: DiskFile,
  into: Uint8Array,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const count = await file.read(into.subarray(filled), position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** Writes all of `bytes`. */
export async function writeFully(
  file: DiskFile,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await file.write(bytes.subarray(written), position + written);
  }
}
