/**
 * What client and worker post to each other, beside the batches: all that is
 * rare.
 *
 * @module
 */

import type { RawRule } from "../../batch.ts";
import type { Column } from "../../columns.ts";
import type { Layout } from "../../core/layout.ts";
import type { BatchPlace } from "../../dispatch/shared_feed.ts";
import { type ErrorText, isErrorText, textOf } from "../error_text.ts";
import { WRITE_BYTES_MAX } from "../posted_writes.ts";

/** What a worker must know of the client's memory; posted once. */
export interface FeedDescription {
  memory: SharedArrayBuffer;
  layout: Pick<Layout, "slabBytes" | "capacity" | "entries" | "slabs">;
  columns: readonly Column[];
  raw: RawRule;
}

/** To the worker. */
export type Order =
  | {
    type: "start";
    control: SharedArrayBuffer;
    feed: FeedDescription;
    /** How long a call may take before that is reported; `undefined` for no bound. */
    budgetMs: number | undefined;
    heartbeatMs: number;
  }
  /** Where records that come back from disk lie from now on, by the number batches have it by. */
  | { type: "room"; number: number; memory: SharedArrayBuffer }
  /** The client closes. */
  | { type: "abort" }
  /** Behind a batch the handler threw at: go on with the one after number `served`. */
  | { type: "resume"; served: number }
  /** No more batches come. */
  | { type: "close" }
  /** A write is done, or was refused. */
  | { type: "written"; id: number; error?: PostedError };

/** An error as it crosses to another isolate. */
export type PostedError = ErrorText;

/** From the worker. */
export type Report =
  /** The module is a handler. */
  | { type: "loaded" }
  /** Its `open()` has settled. */
  | { type: "opened" }
  /** Its `close()` has settled. */
  | { type: "closed" }
  /** The module is no handler, or the handler threw. */
  | { type: "threw"; error: PostedError }
  /** A call takes, or has taken, longer than it may. */
  | { type: "over_budget"; place: BatchPlace }
  /** Bytes for the server. */
  | { type: "write"; id: number; bytes: Uint8Array<ArrayBuffer> };

/** Of an error's texts, this many characters go across. */
const TEXT_MAX = 16 * 1024;

/** `error` as it is posted. */
export function toPosted(error: unknown): PostedError {
  const { name, message, stack } = textOf(error);
  const cut = (text: string) => text.slice(0, TEXT_MAX);
  return { name: cut(name), message: cut(message), stack: cut(stack) };
}

/** An error with the name, message and stack that were posted. */
export function fromPosted({ name, message, stack }: PostedError): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== "") error.stack = stack;
  return error;
}

/** What a worker posted, if it is anything that a worker of ours posts. */
export function parseReport(value: unknown): Report | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { type, error, id, bytes, place } = value as Record<string, unknown>;
  switch (type) {
    case "loaded":
    case "opened":
    case "closed":
      return { type };
    case "threw":
      return isPosted(error) ? { type, error } : undefined;
    case "over_budget":
      return isPlace(place) ? { type, place } : undefined;
    case "write":
      return Number.isSafeInteger(id) && isOwnBytes(bytes)
        ? { type, id: id as number, bytes }
        : undefined;
    default:
      return undefined;
  }
}

function isPosted(value: unknown): value is PostedError {
  return isErrorText(value) &&
    [value.name, value.message, value.stack].every((text) => text.length <= TEXT_MAX);
}

function isPlace(value: unknown): value is BatchPlace {
  if (typeof value !== "object" || value === null) return false;
  const { frames, epoch, offset } = value as Record<string, unknown>;
  return [frames, epoch, offset].every(Number.isSafeInteger);
}

/** Bytes that nobody else can change any more. */
function isOwnBytes(value: unknown): value is Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer &&
    value.length <= WRITE_BYTES_MAX;
}
