/**
 * What a disk refuses, and what to do about it.
 *
 * @module
 */

import { SpillIoError } from "../src/spill/errors.ts";

/** By what the system calls it. */
const WHYS: Readonly<Record<string, string>> = {
  EACCES: "this user may not, check whose it is",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of its path is no directory",
  EPERM: "this user may not, check whose it is",
  EROFS: "the disk is read-only",
};

/** The error's message; of a disk's without the name of the system call. */
export function messageFor(error: Error): string {
  const why = error instanceof SpillIoError ? whyOf(error) : undefined;
  if (why === undefined) return error.message;
  const { operation, path } = error as SpillIoError;
  return `cannot ${operation} ${path}: ${why}`;
}

function whyOf({ operation, code }: SpillIoError): string | undefined {
  if (code === undefined) return undefined;
  if (code !== "ENOENT") return Object.hasOwn(WHYS, code) ? WHYS[code] : undefined;
  if (operation === "list") return "there is no such directory, check its path";
  // A directory that is missing is made for the lock.
  return operation === "lock" ? "it is not there and can't be made, check its path" : undefined;
}
