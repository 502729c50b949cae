/**
 * Errors that go from one isolate to another, as text.
 *
 * @module
 */

import { messageOf } from "../errors.ts";

/** An error as text. */
export interface ErrorText {
  /** Class name of what was thrown, or its type if it was no error. */
  name: string;
  message: string;
  /** Empty if it had none. */
  stack: string;
}

/** What was thrown, as text; nothing that can be thrown makes this throw in turn. */
export function textOf(thrown: unknown): ErrorText {
  const message = messageOf(thrown);
  try {
    if (thrown instanceof Error) {
      return { name: `${thrown.name}`, message, stack: `${thrown.stack ?? ""}` };
    }
  } catch {
    // A property that throws.
  }
  return { name: typeof thrown, message, stack: "" };
}

/** Whether what came from another isolate is that. */
export function isErrorText(value: unknown): value is ErrorText {
  if (typeof value !== "object" || value === null) return false;
  const { name, message, stack } = value as Partial<Record<keyof ErrorText, unknown>>;
  return [name, message, stack].every((text) => typeof text === "string");
}
