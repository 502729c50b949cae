/**
 * Everything a config file can say.
 *
 * @module
 */

import * as z from "zod";
import { COLUMN_ARRAYS, type ColumnType } from "../../src/columns.ts";
import { MEMORY_POLICIES } from "../../src/backlog/backlog.ts";
import { MEMORY_BYTES_MIN } from "../../src/isolation/process/options.ts";
import { PARTITIONS } from "../../src/dispatch/lanes.ts";
import { FAILURE_POLICIES } from "../../src/isolation/contract.ts";
import { parseTarget } from "../../src/transport/target.ts";
import { RIGHTS } from "../handlers/grants.ts";
import { HANDLER_NAME, ISOLATIONS } from "../handlers/plan.ts";
import { framingSchema } from "./framing_schema.ts";
import {
  bytes,
  choice,
  flag,
  integer,
  list,
  object,
  shown,
  size,
  text,
  time,
  value,
} from "./values.ts";

const COLUMN_TYPES = Object.keys(COLUMN_ARRAYS) as ColumnType[];

/** Where frames go that memory has no room for. */
export interface SpillConfig {
  directory: string;
  maxSize?: number | undefined;
  segmentSize?: number | undefined;
  whenFull?: "block" | "drop_newest" | undefined;
  durable?: boolean | undefined;
  syncEvery?: number | undefined;
}

const spill = z.union([
  text().transform((directory): SpillConfig => ({ directory })),
  object({
    directory: text("the path of a directory"),
    maxSize: size().optional(),
    segmentSize: size(2 ** 32, ", from 4KiB to 4GiB", 4096).optional(),
    whenFull: choice(["block", "drop_newest"]).optional(),
    durable: flag().optional(),
    syncEvery: time().optional(),
  }),
], {
  error: (issue) => `expected the path of a directory or an object, got ${shown(issue.input)}`,
});

/** What happens when the buffer is full: for all handlers, or for one. */
const overflow = {
  whenFull: choice(MEMORY_POLICIES).optional(),
  spill: spill.optional(),
  highWater: size().optional(),
  lowWater: size().optional(),
};

/** Bounds of attempts. */
const attempts = {
  initialDelay: time().optional(),
  maxDelay: time().optional(),
  maxAttempts: integer(1).optional(),
};

const grant = z.union([flag(), list(text())], {
  error: (issue) => `expected true, false or a list of texts, got ${shown(issue.input)}`,
});

/** What of them there are, and which, the module says. */
const option = z.union([z.string(), z.number(), z.boolean()], {
  error: (issue) => `expected a text, a number, true or false, got ${shown(issue.input)}`,
});

/** One of `handlers`. */
const handler = object({
  file: text("the path of a module"),
  isolation: choice(ISOLATIONS).optional(),
  options: z.record(z.string(), option, {
    error: (issue) => `expected an object, got ${shown(issue.input)}`,
  }).optional(),
  grants: object(
    Object.fromEntries(RIGHTS.map((right) => [right, grant.optional()])),
  ).optional(),
  memoryLimit: size(Number.MAX_SAFE_INTEGER, ", from 96MiB", MEMORY_BYTES_MIN).optional(),
  startTimeout: time().optional(),
  batchTimeout: time().optional(),
  deno: text("the path of a deno").optional(),
  onFailure: choice(FAILURE_POLICIES).optional(),
  restart: object(attempts).optional(),
  deadLetter: text("the path of a directory").optional(),
  budget: time().optional(),
  watch: flag().optional(),
  ...overflow,
});

const handlersOf = <T extends z.ZodType>(one: T) =>
  z.record(z.string().regex(HANDLER_NAME), one, {
    error: (issue) =>
      issue.code === "invalid_key"
        ? "expected a name of 1 to 64 letters, digits, _ and -"
        : `expected an object with a name for each handler, got ${shown(issue.input)}`,
  }).refine((all) => Object.keys(all).length > 0, "expected at least one handler, got none");

const partition = z.union([choice(PARTITIONS), object({ key: text("the name of a column") })], {
  error: (issue) =>
    `expected ${PARTITIONS.map(shown).join(", ")} or { "key": column }, got ${shown(issue.input)}`,
});

const target = value(
  "a target as localhost:9000, tls://feed.example:9443 or unix:/run/feed.sock",
  (given) => typeof given === "string" && isTarget(given) ? given : undefined,
);

function isTarget(text: string): boolean {
  try {
    return parseTarget(text) !== undefined;
  } catch {
    return false;
  }
}

/** A whole file. */
export const configSchema = object({
  target,
  framing: framingSchema.optional(),
  columns: list(object({
    name: text(),
    type: choice(COLUMN_TYPES),
    at: integer(0),
    byteOrder: choice(["big", "little"]).optional(),
  })).optional(),
  tls: object({
    ca: text("the path of a file").optional(),
    cert: text("the path of a file").optional(),
    key: text("the path of a file").optional(),
    alpn: list(text()).optional(),
    serverName: text().optional(),
  }).optional(),
  hello: bytes().optional(),
  respond: list(object({ match: bytes(), send: bytes() })).optional(),
  heartbeat: object({ every: time(), send: bytes() }).optional(),
  connectTimeout: time().optional(),
  idleTimeout: time().optional(),
  reconnect: z.union([flag(), object(attempts)], {
    error: (issue) => `expected true, false or an object, got ${shown(issue.input)}`,
  }).optional(),
  buffer: size().optional(),
  ...overflow,
  partition: partition.optional(),
  stopTimeout: time().optional(),
  watch: flag().optional(),
  handlers: handlersOf(handler).optional(),
});

/** A file of which what must be there may be missing. */
export const partialSchema = configSchema.extend({
  target: target.optional(),
  handlers: handlersOf(handler.extend({ file: handler.shape.file.optional() })).optional(),
});

/** A file that was understood. */
export type Config = z.output<typeof configSchema>;
/** One of its handlers. */
export type HandlerConfig = NonNullable<Config["handlers"]>[string];
/** A file that was understood in part. */
export type PartialConfig = z.output<typeof partialSchema>;
/** One of its handlers. */
export type PartialHandler = NonNullable<PartialConfig["handlers"]>[string];
