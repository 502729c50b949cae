/** Looks on as a client works with its slabs and its store. */
import { assert } from "@std/assert";
import { Lanes } from "../../src/dispatch/lanes.ts";
import { RestoredBatches } from "../../src/backlog/restored.ts";
import { SmallRecords } from "../../src/backlog/small_records.ts";
import { type Slab, SlabPool } from "../../src/slab.ts";
import { SpillStore } from "../../src/spill/store.ts";
import type { Oracle } from "./oracle.ts";

/** Batches in memory on their way back to each handler: one is with it, one read ahead. */
const RESTORED_MAX = 2;

/** What was seen of the process that runs. */
export class Watch {
  /** Its slabs, once one was taken. */
  pool: SlabPool | undefined;
  /** Who looks after the handler whose store is opened now. */
  opening: Oracle | undefined;
  /** Stores that have said where they are, the newest of each handler. */
  readonly stores = new Map<Oracle, SpillStore>();
  /** Records appended. */
  appends = 0;
  /** Called when a record was read back. */
  onReadBack: () => void = () => {};
  /** Buffers with records that were read back. */
  restored = 0;
  /** It ends: what was not handled may be passed as well. */
  ending = false;
  /** Unless what waits on disk is a journal. */
  journals = false;

  /** Bytes of all slabs that are not free. */
  get heldBytes(): number {
    const { pool } = this;
    return pool === undefined ? 0 : (pool.slabs.length - pool.freeCount) * pool.slabBytes;
  }

  /** What must hold at every moment. */
  check(): void {
    const most = RESTORED_MAX * Math.max(1, this.stores.size);
    assert(this.restored <= most, `${this.restored} batches are held in memory`);
    const { pool } = this;
    if (pool === undefined) return;
    const held = pool.slabs.filter(({ references }) => references > 0).length;
    assert(
      held + pool.freeCount === pool.slabs.length,
      `${held} slabs are held, of which some are free`,
    );
  }

  /** Nobody has a slab any more. */
  checkReleased(): void {
    const { pool } = this;
    const free = pool?.freeCount ?? 0;
    const all = pool?.slabs.length ?? 0;
    assert(free === all, `${free} of ${all} slabs came back`);
  }
}

let current: Watch | undefined;
const oracles = new WeakMap<SpillStore, Oracle>();

/** Sets who is told of what happens from now on. */
export function look(watch: Watch): void {
  current = watch;
}

/** Looks on, until disposed. */
export function lookOn(): Disposable {
  const { acquire } = SlabPool.prototype;
  const { takeBuffer, freeBuffer, push } = RestoredBatches.prototype;
  const { add } = SmallRecords.prototype;
  const { registerCursor, appendAll, acknowledge } = SpillStore.prototype;
  const { clear } = Lanes.prototype;
  SlabPool.prototype.acquire = function (this: SlabPool): Slab | undefined {
    if (current !== undefined) current.pool = this;
    return acquire.call(this);
  };
  RestoredBatches.prototype.takeBuffer = function (this: RestoredBatches) {
    if (current !== undefined) current.restored += 1;
    return takeBuffer.call(this);
  };
  RestoredBatches.prototype.freeBuffer = function (this: RestoredBatches, buffer) {
    if (current !== undefined) current.restored -= 1;
    freeBuffer.call(this, buffer);
  };
  RestoredBatches.prototype.push = function (this: RestoredBatches, batch) {
    current?.onReadBack();
    push.call(this, batch);
  };
  SmallRecords.prototype.add = function (this: SmallRecords, record) {
    current?.onReadBack();
    return add.call(this, record);
  };
  SpillStore.prototype.registerCursor = async function (this: SpillStore, name) {
    const seen = current;
    const position = await registerCursor.call(this, name);
    if (seen?.opening === undefined) return position;
    seen.stores.set(seen.opening, this);
    oracles.set(this, seen.opening);
    seen.opening.begin(position, this.last);
    return position;
  };
  SpillStore.prototype.appendAll = async function (this: SpillStore, records, sequence) {
    const seen = current;
    const oracle = oracles.get(this);
    const first = sequence ?? this.last.sequence + 1;
    const appending = records.map(({ info: { epoch, streamOffset, frameCount } }, i) =>
      oracle?.appending(first + i, epoch, streamOffset, frameCount)
    );
    const result = await appendAll.call(this, records, sequence);
    if (seen === undefined || oracle === undefined || result.type !== "appended") return result;
    seen.appends += records.length;
    oracle.written(appending.map((record) => record!));
    return result;
  };
  SpillStore.prototype.acknowledge = function (this: SpillStore, name, position) {
    if (current?.ending && !current.journals) oracles.get(this)?.passed(position);
    acknowledge.call(this, name, position);
  };
  Lanes.prototype.clear = function (this: Lanes) {
    if (current !== undefined) current.ending = true;
    clear.call(this);
  };
  return {
    [Symbol.dispose]() {
      current = undefined;
      Object.assign(SlabPool.prototype, { acquire });
      Object.assign(RestoredBatches.prototype, { takeBuffer, freeBuffer, push });
      Object.assign(SmallRecords.prototype, { add });
      Object.assign(SpillStore.prototype, { registerCursor, appendAll, acknowledge });
      Object.assign(Lanes.prototype, { clear });
    },
  };
}
