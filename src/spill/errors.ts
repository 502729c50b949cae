/**
 * What the spill store throws or returns when something is wrong with a
 * directory, a file or the disk under them.
 *
 * @module
 */

import { SpillwayError } from "../errors.ts";

/** What was asked of the disk. */
export type DiskOperation =
  | "list"
  | "open"
  | "read"
  | "write"
  | "truncate"
  | "sync"
  | "rename"
  | "remove"
  | "lock";

/** The operating system refused an operation. */
export class SpillIoError extends SpillwayError {
  /** Class name. */
  override name = "SpillIoError";
  /** What was asked. */
  readonly operation: DiskOperation;
  /** Path of the file, or of the directory. */
  readonly path: string;
  /** What the operating system said, such as `"ENOSPC"` or `"EIO"`; `undefined` if it said nothing. */
  readonly code: string | undefined;

  /** Says what could not be done with which file, and why. */
  constructor(operation: DiskOperation, path: string, why: string, code?: string, cause?: unknown) {
    super(`cannot ${operation} ${path}: ${why}`, { cause });
    this.operation = operation;
    this.path = path;
    this.code = code;
  }
}

/** Deno lets this program not use the directory; the message has the flags to add. */
export class SpillPermissionError extends SpillwayError {
  /** Class name. */
  override name = "SpillPermissionError";

  /** Names the flags for `directory`; reading alone needs one. */
  constructor(directory: string, needs: "read" | "read and write", cause: unknown) {
    const flags = needs === "read"
      ? `--allow-read=${directory}`
      : `--allow-read=${directory} --allow-write=${directory}`;
    super(`expected ${needs} access to ${directory}, run again with ${flags}`, { cause });
  }
}

/** What a disk throws. */
export type DiskError = SpillIoError | SpillPermissionError;

/** Whether the disk threw it, and not a defect. */
export function isDiskError(error: unknown): error is DiskError {
  return error instanceof SpillIoError || error instanceof SpillPermissionError;
}

/** Another process, or another store of this one, has the directory. */
export class SpillLockedError extends SpillwayError {
  /** Class name. */
  override name = "SpillLockedError";

  /** Names the directory. */
  constructor(directory: string) {
    super(`expected to be the only one to write to ${directory}, but another process has its lock`);
  }
}

/** Bytes on disk are not what this version writes, and nothing was changed. */
export class SpillFormatError extends SpillwayError {
  /** Class name. */
  override name = "SpillFormatError";

  /** Says where, what was expected and what came. */
  constructor(where: string, expected: string, actual: string) {
    super(`expected ${expected} in ${where}, got ${actual}`);
  }
}
