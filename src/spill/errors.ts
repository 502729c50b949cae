/**
 * What the spill store throws or returns when something is wrong with a
 * directory, a file or the disk under them.
 *
 * @module
 */

import { SpillwayError } from "../errors.ts";
import { contentsOf, type DirectoryKind } from "./directory_kind.ts";

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

/** Whether there is no room for what was asked: on the disk, or in what its user may have of it. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof SpillIoError && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** Whether there is no file of that name. */
export function isNotFound(error: unknown): boolean {
  return error instanceof SpillIoError && error.code === "ENOENT";
}

/** Another process, or another store of this one, has the directory. */
export class SpillLockedError extends SpillwayError {
  /** Class name. */
  override name = "SpillLockedError";

  /** Names the directory, and what this process has it open for already, if it is that. */
  constructor(directory: string, here?: DirectoryKind) {
    const purpose = here === undefined || here === "unsaid" ? "" : ` for ${contentsOf(here)}`;
    const who = here === undefined
      ? "another process, or another worker of this one, has its lock"
      : `this process has it open already${purpose}; give each a directory of its own`;
    super(`expected to be the only one to write to ${directory}, but ${who}`);
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

const ADVICE: Readonly<Record<DirectoryKind, string>> = {
  unsaid: "",
  spill: " (--spill or spillTo() goes on with this one)",
  journal: " (--durable or journalTo() goes on with this one)",
  dead_letters: " (spillway spill dump lists this one)",
  recording: " (spillway replay plays this one)",
};

/** A directory holds something else than what it was opened for, and nothing in it was changed. */
export class SpillKindError extends SpillwayError {
  /** Class name. */
  override name = "SpillKindError";
  /** Path of the directory. */
  readonly directory: string;
  /** What it was opened for. */
  readonly expected: DirectoryKind;
  /** What it holds. */
  readonly actual: DirectoryKind;

  /** Says what was expected, what is there and what to do. */
  constructor(directory: string, expected: DirectoryKind, actual: DirectoryKind) {
    const waits = expected === "spill" && actual === "journal" ? " with frames to come again" : "";
    super(
      `expected ${contentsOf(expected)} or nothing in ${directory}, but it holds ` +
        `${contentsOf(actual)}${waits}: give another directory${ADVICE[actual]}`,
    );
    this.directory = directory;
    this.expected = expected;
    this.actual = actual;
  }
}
