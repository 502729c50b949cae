/**
 * Overflow to a directory of segments.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import { BatchCodec } from "../spill/batch_codec.ts";
import { openSpill } from "../spill/open.ts";
import { settle } from "../spill/options.ts";
import type { Position } from "../spill/cursors.ts";
import type { SpillStore } from "../spill/store.ts";
import type { Backlog, OpenOverflow, Overflow, OverflowClient, OverflowSource } from "./backlog.ts";
import { SpillBacklog } from "./spill_backlog.ts";

/** Name under which a client's one handler acknowledges. */
const CURSOR = "handler";

/** Options of {@linkcode spillTo}. */
export interface SpillOptions {
  /** Bytes the directory may take. Default: as much as the disk has. */
  maxBytes?: number;
  /** Length of a segment, which is deleted when all of it was handled, in bytes. Default 64 MiB. */
  segmentBytes?: number;
  /** What happens when it is full or the disk refuses: reading pauses once memory is full too, or what comes is dropped and counted. Default `"block"`. */
  whenFull?: "block" | "drop_newest";
}

/**
 * What to give {@linkcode ConnectOptions.whenFull} so that frames wait in a
 * directory when memory is full, and come back in order. It is made if it is not
 * there, and needs `--allow-read` and `--allow-write`; one client at a time has
 * it. Throws an `OptionError` for options that can't work; `connect()` then
 * throws a `SpillPermissionError` that names the flags, a `SpillLockedError`, or
 * a `SpillIoError`.
 *
 * After a crash the next client gets first what was on disk and not handled; a
 * few batches may come twice. What was in memory only is lost. After `close()`
 * nothing comes back: what was not handed out was dropped and counted.
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
  if (typeof directory !== "string" || directory === "") {
    throw new OptionError("directory", "the path of a directory", directory);
  }
  const { whenFull = "block", ...store } = options;
  if (whenFull !== "block" && whenFull !== "drop_newest") {
    throw new OptionError("whenFull", '"block" or "drop_newest"', whenFull);
  }
  const settled = settle(store);
  const source: OverflowSource = {
    directory,
    async open(handler) {
      const path = handler === undefined ? directory : `${directory}/${handler}`;
      const opened = await openSpill(path, settled);
      try {
        const position = await opened.registerCursor(CURSOR);
        return new Spill(opened, position, { ...settled, whenFull });
      } catch (error) {
        await opened.close();
        throw error;
      }
    },
  };
  return source;
}

/** An open directory whose backlog is not made yet. */
class Spill implements OpenOverflow {
  readonly #store: SpillStore;
  readonly #position: Position;
  readonly #options: Required<SpillOptions>;

  /** `position` is what was handled of the store. */
  constructor(store: SpillStore, position: Position, options: Required<SpillOptions>) {
    this.#store = store;
    this.#position = position;
    this.#options = options;
  }

  get lastEpoch(): number {
    return this.#store.last.epoch;
  }

  backlog({ pool, columns, raw, onChange, tell }: OverflowClient): Backlog {
    const { segmentBytes, whenFull } = this.#options;
    return new SpillBacklog({
      pool,
      store: this.#store,
      codec: new BatchCodec(columns, raw),
      cursor: CURSOR,
      next: this.#position.sequence + 1,
      segmentBytes,
      whenFull,
      onChange,
      tell,
    });
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
