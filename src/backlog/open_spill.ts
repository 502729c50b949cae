/**
 * Opening a backlog that overflows to disk. Loaded only by clients that spill.
 *
 * @module
 */

import type { RawRule } from "../batch.ts";
import type { Column } from "../columns.ts";
import type { SlabPool } from "../slab.ts";
import { BatchCodec } from "../spill/batch_codec.ts";
import { openSpill as openStore } from "../spill/open.ts";
import type { Position } from "../spill/cursors.ts";
import type { Disk } from "../spill/disk.ts";
import type { SpillStore } from "../spill/store.ts";
import type { Backlog } from "./backlog.ts";
import { SpillBacklog, type SpillEvent } from "./spill_backlog.ts";

/** Name under which a client's one handler acknowledges. */
const CURSOR = "handler";
const SEGMENT_BYTES = 64 * 1024 * 1024;

/** Where frames go that memory has no room for. */
export interface SpillSettings {
  /**
   * Directory for the segments, made if it is not there; needs `--allow-read`
   * and `--allow-write` for it. One client at a time has it.
   */
  dir: string;
  /** Bytes it may take. Default: as much as the disk has. */
  maxBytes?: number;
  /** Length of a segment, which is deleted when all of it was handled, in bytes. Default 64 MiB. */
  segmentBytes?: number;
  /** What happens when it is full or the disk refuses: reading pauses once memory is full too, or what comes is dropped. Default `"block"`. */
  whenFull?: "block" | "drop_newest";
}

/** What a spill needs of its client. */
export interface SpillClient {
  pool: SlabPool;
  columns: readonly Column[];
  raw: RawRule;
  /** Called when slabs or frames have become available. */
  onChange: () => void;
  tell: (event: SpillEvent) => void;
}

/** An open directory whose backlog is not made yet. */
export class OpenSpill {
  readonly #store: SpillStore;
  readonly #settings: SpillSettings;
  readonly #position: Position;

  /** `position` is what was handled of the store. */
  constructor(store: SpillStore, settings: SpillSettings, position: Position) {
    this.#store = store;
    this.#settings = settings;
    this.#position = position;
  }

  /** Connections of this process are to have numbers above. */
  get lastEpoch(): number {
    return this.#store.last.epoch;
  }

  /** Makes the backlog, which closes the directory. */
  backlog(client: SpillClient): Backlog {
    const { segmentBytes = SEGMENT_BYTES, whenFull = "block" } = this.#settings;
    return new SpillBacklog({
      pool: client.pool,
      store: this.#store,
      codec: new BatchCodec(client.columns, client.raw),
      cursor: CURSOR,
      next: this.#position.sequence + 1,
      segmentBytes,
      whenFull,
      onChange: client.onChange,
      tell: client.tell,
    });
  }

  /** Closes the directory, if no backlog was made. */
  async close(): Promise<void> {
    await this.#store.close();
  }
}

/** Opens the directory, on `disk` if that is another than Deno's; throws what `openSpill()` of the store throws. */
export async function openSpill(
  settings: SpillSettings,
  disk: Disk | string = settings.dir,
): Promise<OpenSpill> {
  const { segmentBytes = SEGMENT_BYTES, maxBytes } = settings;
  const store = await openStore(disk, { segmentBytes, maxBytes });
  try {
    return new OpenSpill(store, settings, await store.registerCursor(CURSOR));
  } catch (error) {
    await store.close();
    throw error;
  }
}
