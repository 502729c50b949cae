/**
 * Overflow to a directory of segments.
 *
 * @module
 */

import { checkMs, OptionError } from "../errors.ts";
import { BatchCodec } from "../spill/batch_codec.ts";
import type { DirectoryKind } from "../spill/directory_kind.ts";
import { openSpill } from "../spill/open.ts";
import { settle } from "../spill/options.ts";
import { RecordKind } from "../spill/format.ts";
import type { OpenStore, RecordStore } from "../spill/record_store.ts";
import type { Position } from "../spill/cursors.ts";
import type { Backlog, OpenOverflow, Overflow, OverflowSource } from "./backlog.ts";
import { JournalBacklog } from "./journal_backlog.ts";
import { SpillBacklog } from "./spill_backlog.ts";
import type { SpillParts } from "./spill_parts.ts";

/** Name under which a client's one handler acknowledges. */
const CURSOR = "handler";

/** Options of {@linkcode spillTo}. */
export interface SpillOptions {
  /** Bytes the directory may take, at least `segmentBytes`. Default: as much as the disk has. */
  maxBytes?: number;
  /** Length of a segment, which is deleted when all of it was handled, in bytes, from 4 KiB to 4 GiB. Default 64 MiB. */
  segmentBytes?: number;
  /** What happens when it is full or the disk refuses: reading pauses once memory is full too, or what comes is dropped and counted. Default `"block"`. */
  whenFull?: "block" | "drop_newest";
}

/**
 * What to give {@linkcode ConnectOptions.whenFull} so that frames wait in a
 * directory when three quarters of memory are taken, and come back in order. It is
 * made if it is not there, and needs `--allow-read` and `--allow-write`; one client
 * at a time has it. Throws an `OptionError` for options that can't work; `connect()`
 * then rejects with a `SpillPermissionError` that names the flags, a
 * `SpillLockedError`, a `SpillKindError` for a directory that holds something else,
 * frames of {@linkcode journalTo} that are not handled included, a
 * `SpillFormatError` for files of another version, or a `SpillIoError`. Framing and
 * columns must stay those of the frames that wait there, else it rejects with an
 * `OptionError`.
 *
 * After a crash the next client gets first what was on disk and not handled; a
 * few batches may come twice. What was in memory only is lost. After `close()`
 * nothing comes back: what was not handed out was dropped and counted. Unless not
 * all was read of what a process that died had left, or the disk refused to the
 * end: what is on disk then comes back, and counts as `framesPending`, but for
 * records that were not read, whose number the event `spill_left` tells.
 * {@linkcode journalTo} keeps what was not handled in any case.
 *
 * @example
 * ```ts ignore
 * const client = await connect("feed.example:9000", {
 *   framing: { type: "lines" },
 *   whenFull: spillTo("/var/spool/feed", { maxBytes: 20 * 1024 ** 3 }),
 * });
 * ```
 */
export function spillTo(directory: string, options: SpillOptions = {}): Overflow {
  return spillBy(openSpill, directory, options);
}

/** {@linkcode spillTo} directories that `openStore` opens. */
export function spillBy(
  openStore: OpenStore,
  directory: string,
  options: SpillOptions = {},
): Overflow {
  return source(ofKind(openStore, "spill"), directory, options, (parts) => new SpillBacklog(parts));
}

/** Options of {@linkcode journalTo}. */
export interface JournalOptions extends SpillOptions {
  /** How often what was written and what was handled is synced to the disk, in milliseconds. Default 100. */
  syncEveryMs?: number;
}

/**
 * What to give {@linkcode ConnectOptions.whenFull} so that nothing a handler was
 * given is lost with the process: every batch is written to the directory before a
 * handler gets it. What was read and is not in the file yet (`stats().frames` −
 * `framesSpilled`, at most a buffer's worth) is lost with it. What a spill left in
 * the directory is the journal's from then on. Else as {@linkcode spillTo}: framing
 * and columns must stay those of the frames that wait there.
 *
 * What is on disk when: **a frame that a handler was given is in the file, and
 * survives the death of the process; what was written, and which batches were
 * handled, survives the death of the machine `syncEveryMs` later at the latest,
 * and once `close()` has resolved.** A batch is handled when `batch()` has
 * returned or its promise has settled without an error. The next client of the
 * directory begins at the first batch not known to be handled, so each comes at
 * least once. Frames that are not handled when the client ends count as
 * `framesPending`, and wait there.
 *
 * @example
 * ```ts ignore
 * const client = await connect("feed.example:9000", {
 *   framing: { type: "lines" },
 *   whenFull: journalTo("/var/spool/feed"),
 * });
 * ```
 */
export function journalTo(directory: string, options: JournalOptions = {}): Overflow {
  return journalBy(openSpill, directory, options);
}

/** {@linkcode journalTo} directories that `openStore` opens. */
export function journalBy(
  openStore: OpenStore,
  directory: string,
  options: JournalOptions = {},
): Overflow {
  const { syncEveryMs = 100, ...spill } = options;
  checkMs("syncEveryMs", syncEveryMs, 1);
  const make: MakeBacklog = (parts) => new JournalBacklog(parts, syncEveryMs);
  return source(ofKind(openStore, "journal"), directory, spill, make);
}

function ofKind(openStore: OpenStore, kind: DirectoryKind): OpenStore {
  return (directory, options) => openStore(directory, { ...options, kind });
}

type MakeBacklog = (parts: SpillParts) => Backlog;

function source(
  openStore: OpenStore,
  directory: string,
  options: SpillOptions,
  make: MakeBacklog,
): OverflowSource {
  if (typeof directory !== "string" || directory === "") {
    throw new OptionError("directory", "the path of a directory", directory);
  }
  const { whenFull = "block", ...store } = options;
  if (whenFull !== "block" && whenFull !== "drop_newest") {
    throw new OptionError("whenFull", '"block" or "drop_newest"', whenFull);
  }
  const settled = { ...settle(store), whenFull };
  return {
    directory,
    async open(handler) {
      const path = handler === undefined ? directory : `${directory}/${handler}`;
      return await openDirectory(openStore, path, settled, make);
    },
  };
}

/** The first record that was not handled, if it is one of frames and can be read. */
async function oldestBatch(
  store: RecordStore,
  { sequence }: Position,
): Promise<Uint8Array | undefined> {
  using reader = store.reader(sequence + 1);
  let result = await reader.next();
  while (result.type === "lost") result = await reader.next();
  if (result.type !== "record" || result.header.kind !== RecordKind.batch) return undefined;
  return result.payload.slice();
}

/** A change of options must not make what is on disk unreadable, record by record, to be deleted at last. */
function checkOldest(oldest: Uint8Array | undefined, codec: BatchCodec, directory: string): void {
  const stranger = oldest === undefined ? undefined : codec.stranger(oldest);
  if (stranger === undefined) return;
  throw new OptionError(
    "framing and columns",
    `what the frames in ${directory} were written with, ${stranger}, until those are handled`,
    "others",
  );
}

async function openDirectory(
  openStore: OpenStore,
  directory: string,
  options: Required<SpillOptions>,
  make: MakeBacklog,
): Promise<OpenOverflow> {
  const { segmentBytes, maxBytes, whenFull } = options;
  const store = await openStore(directory, { segmentBytes, maxBytes });
  let position: Position;
  let oldest: Uint8Array | undefined;
  try {
    position = await store.registerCursor(CURSOR);
    oldest = await oldestBatch(store, position);
  } catch (error) {
    await store.close();
    throw error;
  }
  return {
    get lastEpoch() {
      return store.last.epoch;
    },
    check: ({ columns, raw }) => checkOldest(oldest, new BatchCodec(columns, raw), directory),
    backlog: ({ pool, columns, raw, sharedMemory, onChange, tell }) =>
      make({
        pool,
        store,
        codec: new BatchCodec(columns, raw),
        cursor: CURSOR,
        next: position.sequence + 1,
        handledFrames: position.handledFrames ?? 0,
        segmentBytes,
        whenFull,
        sharedMemory,
        onChange,
        tell,
      }),
    close: () => store.close(),
  };
}
