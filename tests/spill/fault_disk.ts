/**
 * A disk in memory that fails and crashes where it is told to.
 *
 * It knows what is on disk from what is only in the cache. At a crash each
 * sector of each write since the last sync of its file is kept or lost by
 * itself, and so is each change of a name since the last sync of the directory.
 * A sync that fails forgets what it should have written, as Linux does: a later
 * one does not bring it back.
 */
import type { Disk, DiskFile, OpenMode } from "../../src/spill/disk.ts";
import { type DiskOperation, SpillIoError } from "../../src/spill/errors.ts";
import { between, type Random } from "./random.ts";

const SECTOR_BYTES = 512;

/** The power went off; nothing this disk is asked works any more. */
export class Crash extends Error {}

/** What happens at an operation. A torn one does a part of what it should, then crashes. */
export type Fault = "error" | "short" | "crash_before" | "crash_after" | "torn";

/** An operation that changes something, in the order they came, from 0. */
export interface Operation {
  index: number;
  operation: DiskOperation | "create";
  name: string;
}

/** What is kept at a crash of what was not synced. */
export type Survival = (draw: Random) => boolean;

type Change = { at: number; bytes: Uint8Array } | { truncate: number };
type NameChange = { remove: string } | { from: string; to: string } | { add: string; inode: Inode };

class Inode {
  data: Uint8Array;
  durable: Uint8Array;
  pending: Change[] = [];

  constructor(durable: Uint8Array = new Uint8Array(0)) {
    this.durable = durable;
    this.data = durable.slice();
  }

  change(change: Change): void {
    this.data = changed(this.data, change);
    this.pending.push(change);
  }

  /** Makes the `count` oldest changes durable. */
  sync(count = this.pending.length): void {
    for (const change of this.pending.splice(0, count)) {
      this.durable = changed(this.durable, change);
    }
  }

  /** What is on disk when each sector of each pending change is kept by chance. */
  surviving(keep: () => boolean): Uint8Array {
    let bytes = this.durable;
    for (const change of this.pending) {
      for (const piece of pieces(change)) if (keep()) bytes = changed(bytes, piece);
    }
    return bytes;
  }
}

function changed(bytes: Uint8Array, change: Change): Uint8Array {
  if ("truncate" in change) {
    const cut = new Uint8Array(change.truncate);
    cut.set(bytes.subarray(0, change.truncate));
    return cut;
  }
  const result = new Uint8Array(Math.max(bytes.length, change.at + change.bytes.length));
  result.set(bytes);
  result.set(change.bytes, change.at);
  return result;
}

/** A write by sectors; anything else as it is. */
function* pieces(change: Change): Generator<Change> {
  if ("truncate" in change) return yield change;
  for (let from = 0; from < change.bytes.length;) {
    const at = change.at + from;
    const to = Math.min(change.bytes.length, from + SECTOR_BYTES - at % SECTOR_BYTES);
    yield { at, bytes: change.bytes.subarray(from, to) };
    from = to;
  }
}

/** The disk. */
export class FaultDisk implements Disk {
  readonly path = "disk";
  /** All that was asked to change something. */
  readonly operations: Operation[] = [];
  /** Decides what happens at an operation. */
  fault: (operation: Operation) => Fault | undefined = () => undefined;
  /** Gives the error of reads, if they are to fail. */
  readFault: (name: string) => boolean = () => false;
  /** The code of errors. */
  code = "EIO";
  /** Syncs of files take until this resolves. */
  syncHeld: Promise<void> | undefined;
  /** Writes do as well, and take their bytes only then. */
  writeHeld: Promise<void> | undefined;
  /** Bytes all files may have together; beyond, writes are short and then refused. */
  capacityBytes = Infinity;
  readonly #draw: Random;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #pendingNames: NameChange[] = [];
  #crashed = false;
  #locked = false;

  /** `draw` decides what is left of what is torn. */
  constructor(draw: Random) {
    this.#draw = draw;
  }

  /** The disk after a crash and a restart. */
  restarted(survives: Survival, draw: Random): FaultDisk {
    const keep = () => survives(draw);
    const names = new Map(this.#durableNames);
    for (const change of this.#pendingNames) if (keep()) applyName(names, change);
    const disk = new FaultDisk(draw);
    for (const [name, inode] of names) {
      const left = new Inode(inode.surviving(keep));
      disk.#names.set(name, left);
      disk.#durableNames.set(name, left);
    }
    return disk;
  }

  /** The disk after the process died: what was written is there, on disk or in the cache. */
  orphaned(draw: Random): FaultDisk {
    const disk = new FaultDisk(draw);
    disk.#names = this.#names;
    disk.#durableNames = this.#durableNames;
    disk.#pendingNames = this.#pendingNames;
    return disk;
  }

  /** The same files on another disk, as if all had been synced. */
  copy(): FaultDisk {
    const disk = new FaultDisk(this.#draw);
    for (const [name, inode] of this.#names) {
      const copied = new Inode(inode.data.slice());
      disk.#names.set(name, copied);
      disk.#durableNames.set(name, copied);
    }
    return disk;
  }

  /** Bytes of a file. */
  bytesOf(name: string): Uint8Array {
    return this.#inode(name, "open").data;
  }

  /** Puts other bytes into a file, or makes it. */
  replace(name: string, bytes: Uint8Array): void {
    const inode = new Inode(bytes);
    this.#names.set(name, inode);
    this.#durableNames.set(name, inode);
  }

  /** Names of all files, in order. */
  names(): string[] {
    return [...this.#names.keys()].sort();
  }

  list(): Promise<string[]> {
    this.alive();
    return Promise.resolve(this.names());
  }

  // deno-lint-ignore require-await -- what it throws has to be a rejection
  async open(name: string, mode: OpenMode): Promise<DiskFile> {
    this.alive();
    if (mode !== "create") return new FaultFile(this, this.#inode(name, "open"), name);
    this.change("create", name, () => {
      const inode = this.#names.get(name) ?? new Inode();
      if (this.#names.has(name)) inode.change({ truncate: 0 });
      else this.#rename({ add: name, inode });
    });
    return new FaultFile(this, this.#inode(name, "open"), name);
  }

  // deno-lint-ignore require-await -- what it throws has to be a rejection
  async rename(from: string, to: string): Promise<void> {
    this.#inode(from, "rename");
    this.change("rename", from, () => this.#rename({ from, to }));
  }

  // deno-lint-ignore require-await -- what it throws has to be a rejection
  async remove(name: string): Promise<void> {
    this.#inode(name, "remove");
    this.change("remove", name, () => this.#rename({ remove: name }));
  }

  // deno-lint-ignore require-await -- what it throws has to be a rejection
  async sync(): Promise<void> {
    this.change("sync", ".", () => {
      this.#durableNames = new Map(this.#names);
      this.#pendingNames = [];
    }, () => this.#pendingNames = []);
  }

  lock(): Promise<Disposable | undefined> {
    this.alive();
    if (this.#locked) return Promise.resolve(undefined);
    this.#locked = true;
    return Promise.resolve({ [Symbol.dispose]: () => this.#locked = false });
  }

  /** Room left, in bytes. */
  roomBytes(): number {
    let used = 0;
    for (const inode of this.#names.values()) used += inode.data.length;
    return this.capacityBytes - used;
  }

  /** Throws if the disk is to fail at reading. */
  checkRead(name: string): void {
    this.alive();
    if (this.readFault(name)) throw this.error("read", name);
  }

  /** The error of an operation. */
  error(operation: DiskOperation, name: string, code = this.code): SpillIoError {
    return new SpillIoError(operation, `${this.path}/${name}`, `${code} as told`, code);
  }

  /**
   * Does what is asked, unless a fault is due. `failing` is what is done when
   * it fails, `tearing` when it is torn.
   */
  change(
    operation: DiskOperation | "create",
    name: string,
    apply: () => void,
    failing: () => void = () => {},
    tearing: () => void = () => {},
  ): void {
    this.alive();
    const asked = { index: this.operations.length, operation, name };
    this.operations.push(asked);
    const fault = this.fault(asked);
    if (fault === undefined || fault === "short") return apply();
    if (fault === "error") {
      failing();
      throw this.error(operation === "create" ? "open" : operation, name);
    }
    if (fault === "torn") tearing();
    if (fault === "crash_after") apply();
    this.#crashed = true;
    throw new Crash(`at ${operation} of ${name}`);
  }

  /** Where a write is torn. */
  tornAt(length: number): number {
    return between(this.#draw, 0, length);
  }

  /** Throws if it has crashed. */
  alive(): void {
    if (this.#crashed) throw new Crash("before");
  }

  #inode(name: string, operation: DiskOperation): Inode {
    this.alive();
    const inode = this.#names.get(name);
    if (inode === undefined) throw this.error(operation, name, "ENOENT");
    return inode;
  }

  #rename(change: NameChange): void {
    applyName(this.#names, change);
    this.#pendingNames.push(change);
  }
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if ("inode" in change) names.set(change.add, change.inode);
  else if ("remove" in change) names.delete(change.remove);
  else {
    const inode = names.get(change.from);
    if (inode === undefined) return;
    names.delete(change.from);
    names.set(change.to, inode);
  }
}

class FaultFile implements DiskFile {
  readonly #disk: FaultDisk;
  readonly #inode: Inode;
  readonly #name: string;

  constructor(disk: FaultDisk, inode: Inode, name: string) {
    this.#disk = disk;
    this.#inode = inode;
    this.#name = name;
  }

  size(): Promise<number> {
    return Promise.resolve(this.#inode.data.length);
  }

  // deno-lint-ignore require-await -- what it throws has to be a rejection
  async read(into: Uint8Array, position: number): Promise<number> {
    this.#disk.checkRead(this.#name);
    const bytes = this.#inode.data.subarray(position, position + into.length);
    into.set(bytes);
    return bytes.length;
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    if (this.#disk.writeHeld !== undefined) await this.#disk.writeHeld;
    this.#disk.alive();
    const next = {
      index: this.#disk.operations.length,
      operation: "write",
      name: this.#name,
    } as const;
    const grown = position + bytes.length - this.#inode.data.length;
    const fits = Math.max(0, bytes.length - Math.max(0, grown - this.#disk.roomBytes()));
    if (fits === 0) throw this.#disk.error("write", this.#name, "ENOSPC");
    const short = this.#disk.fault(next) === "short" ? Math.ceil(fits / 2) : fits;
    const put = (length: number) =>
      this.#inode.change({ at: position, bytes: bytes.slice(0, length) });
    this.#disk.change(
      "write",
      this.#name,
      () => put(short),
      // Half of it got there before the error.
      () => put(Math.floor(bytes.length / 2)),
      () => put(this.#disk.tornAt(bytes.length)),
    );
    return short;
  }

  // deno-lint-ignore require-await -- what it throws has to be a rejection
  async truncate(bytes: number): Promise<void> {
    this.#disk.change("truncate", this.#name, () => this.#inode.change({ truncate: bytes }));
  }

  async sync(): Promise<void> {
    // What is written meanwhile is not its business.
    const { length } = this.#inode.pending;
    if (this.#disk.syncHeld !== undefined) await this.#disk.syncHeld;
    this.#disk.change(
      "sync",
      this.#name,
      () => this.#inode.sync(length),
      () => this.#inode.pending.splice(0, length),
      () => this.#inode.sync(length >> 1),
    );
  }

  close(): void {}
}
