/**
 * Cursors: how far each named handler has acknowledged, in a file of its own.
 *
 * ```text
 * 0       8         12      16         24       28
 * │ magic │ version │ epoch │ sequence │ frames │ CRC32C of all before it │
 * ```
 *
 * A cursor is written to a new file, synced, renamed over the old one, and the
 * directory is synced: whatever happens in between, the old or the new one is
 * there.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import { crc32c } from "./crc32c.ts";
import { type Disk, readFully, writeFully } from "./disk.ts";
import { SpillFormatError } from "./errors.ts";
import type { FindingList } from "./finding.ts";
import { FORMAT_VERSION, UNFINISHED } from "./format.ts";

/** A place in the order of records: that of one record, or before all if `sequence` is 0. */
export interface Position {
  /** Connection the record came from. */
  epoch: number;
  /** Number of the record. */
  sequence: number;
  /** Frames of the record behind it that were handled, too. Default 0. */
  handledFrames?: number;
}

/** Whether `a` lies behind `b`. */
export function isBehind(a: Position, b: Position): boolean {
  const { handledFrames: more = 0 } = a;
  const { handledFrames: less = 0 } = b;
  return a.sequence > b.sequence || a.sequence === b.sequence && more > less;
}

/** "SPLWCURS". */
const MAGIC = Uint8Array.of(0x53, 0x50, 0x4c, 0x57, 0x43, 0x55, 0x52, 0x53);
const CURSOR_BYTES = 32;
const CRC_AT = 28;
const PREFIX = "cursor-";
const NAME_BYTES_MAX = 200;

/** How far one named handler has come. */
export class Cursor {
  /** Name of the handler. */
  readonly name: string;
  /** Acknowledged. */
  acknowledged: Position;
  /** In the file, the last time that was known to be on disk. */
  stored: Position;
  /** Whether it is: one found at the start may be in the system's cache only. */
  onDisk: boolean;
  /** In the file, as the next start finds it unless the power is cut. */
  inFile: Position;

  /** Begins at `position`, which is in the file. */
  constructor(name: string, position: Position, onDisk: boolean) {
    this.name = name;
    this.acknowledged = position;
    this.stored = position;
    this.onDisk = onDisk;
    this.inFile = position;
  }
}

/** All cursors of a directory. */
export class Cursors {
  readonly #disk: Disk;
  readonly #cursors = new Map<string, Cursor>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** All of them. */
  all(): Iterable<Cursor> {
    return this.#cursors.values();
  }

  /** The cursor of a name, if it is registered. */
  get(name: string): Cursor | undefined {
    return this.#cursors.get(name);
  }

  /** Reads all that have a file among `files`. One that is damaged begins before all records. */
  async load(files: Iterable<string>, findings: FindingList): Promise<void> {
    for (const file of files) {
      const name = nameOf(file);
      if (name === undefined) continue;
      const found = await this.#read(file);
      if ("position" in found) {
        this.#cursors.set(name, new Cursor(name, found.position, false));
        continue;
      }
      this.#cursors.set(name, new Cursor(name, { epoch: 0, sequence: 0 }, false));
      findings.add({
        type: "bad_cursor",
        file,
        offset: 0,
        records: 0,
        action: "reset",
        ...found,
      });
    }
  }

  /** Registers `name` at `position`; both are on disk when this resolves. */
  async register(name: string, position: Position): Promise<Cursor> {
    const cursor = new Cursor(name, position, true);
    await this.#write(cursor, position);
    this.#cursors.set(name, cursor);
    return cursor;
  }

  /** Puts on disk what was acknowledged since. */
  async store(): Promise<void> {
    for (const cursor of this.#cursors.values()) {
      const { acknowledged, stored, onDisk } = cursor;
      if (onDisk && !isBehind(acknowledged, stored)) continue;
      await this.#write(cursor, acknowledged);
      cursor.stored = acknowledged;
      cursor.onDisk = true;
    }
  }

  /** Whether the next start finds all that was acknowledged, unless the power is cut. */
  get allInFiles(): boolean {
    return [...this.all()].every(({ acknowledged, inFile }) => !isBehind(acknowledged, inFile));
  }

  async #read(
    file: string,
  ): Promise<{ position: Position } | { expected: string; actual: string; bytes: number }> {
    const opened = await this.#disk.open(file, "read");
    try {
      const size = await opened.size();
      const bytes = new Uint8Array(CURSOR_BYTES);
      const length = await readFully(opened, bytes, 0);
      const found = decodeCursor(bytes.subarray(0, length), file);
      return "position" in found ? found : { ...found, bytes: size };
    } finally {
      opened.close();
    }
  }

  async #write(cursor: Cursor, position: Position): Promise<void> {
    const file = fileOf(cursor.name);
    const unfinished = file + UNFINISHED;
    const opened = await this.#disk.open(unfinished, "create");
    try {
      await writeFully(opened, encodeCursor(position), 0);
      await opened.sync();
    } finally {
      opened.close();
    }
    await this.#disk.rename(unfinished, file);
    cursor.inFile = position;
    await this.#disk.sync();
  }
}

/** A cursor's file as bytes. */
export function encodeCursor(position: Position): Uint8Array {
  const bytes = new Uint8Array(CURSOR_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, FORMAT_VERSION, true);
  view.setUint32(12, position.epoch, true);
  view.setBigUint64(16, BigInt(position.sequence), true);
  view.setUint32(24, position.handledFrames ?? 0, true);
  view.setUint32(CRC_AT, crc32c(bytes.subarray(0, CRC_AT)), true);
  return bytes;
}

/** Reads a cursor's file; throws a `SpillFormatError` for another version's. */
export function decodeCursor(
  bytes: Uint8Array,
  file: string,
): { position: Position } | { expected: string; actual: string } {
  if (bytes.length < CURSOR_BYTES) {
    return { expected: `${CURSOR_BYTES} bytes`, actual: `${bytes.length}` };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const crc = crc32c(bytes.subarray(0, CRC_AT));
  const sequence = Number(view.getBigUint64(16, true));
  if (MAGIC.some((byte, i) => bytes[i] !== byte) || view.getUint32(CRC_AT, true) !== crc) {
    return { expected: "a cursor with its checksum", actual: "other bytes" };
  }
  const version = view.getUint32(8, true);
  if (version !== FORMAT_VERSION) {
    throw new SpillFormatError(file, `format version ${FORMAT_VERSION}`, `${version}`);
  }
  if (!Number.isSafeInteger(sequence)) {
    return { expected: "a sequence below 2^53", actual: `${sequence}` };
  }
  const epoch = view.getUint32(12, true);
  const handledFrames = view.getUint32(24, true);
  return { position: { epoch, sequence, ...handledFrames > 0 && { handledFrames } } };
}

/** Whether a file is a cursor that was not finished. */
export function isUnfinishedCursor(file: string): boolean {
  return file.startsWith(PREFIX) && file.endsWith(UNFINISHED);
}

/** Name of a cursor's file: what could mean something to a file system stands as %xx. */
export function fileOf(name: string): string {
  const bytes = new TextEncoder().encode(name);
  const encoded = Array.from(bytes, (byte) => {
    const letter = String.fromCharCode(byte);
    return /[a-z0-9_-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, "0")}`;
  }).join("");
  if (encoded === "" || encoded.length > NAME_BYTES_MAX) {
    throw new OptionError("cursor", `a name of 1 to ${NAME_BYTES_MAX} bytes`, name);
  }
  return PREFIX + encoded;
}

/** The name whose cursor a file is; `undefined` if it is none. */
export function nameOf(file: string): string | undefined {
  if (!/^cursor-(?:[a-z0-9_-]|%[0-9a-f]{2})+$/.test(file)) return undefined;
  const name = file.slice(PREFIX.length);
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
