/** A disk that takes its time, on top of one that fails: what was asked happens before, or behind, the wait. */
import type { Disk, DiskFile, OpenMode } from "../../src/spill/disk.ts";
import type { FaultDisk } from "../spill/fault_disk.ts";
import { chance } from "./chance.ts";
import type { World } from "./world.ts";

/** How slow: most operations take up to `usualMs`, some up to `worstMs`. */
export interface Slowness {
  usualMs: number;
  worstMs: number;
}

const WORST_SHARE = 0.03;
/** Some need no wait at all. */
const INSTANT_SHARE = 0.2;

/** See above. */
export class SlowDisk implements Disk {
  readonly path: string;
  readonly #world: World;
  readonly #disk: FaultDisk;
  readonly #slowness: Slowness;

  constructor(world: World, disk: FaultDisk, slowness: Slowness) {
    this.path = disk.path;
    this.#world = world;
    this.#disk = disk;
    this.#slowness = slowness;
  }

  list(): Promise<string[]> {
    return this.slowly(() => this.#disk.list());
  }

  async open(name: string, mode: OpenMode): Promise<DiskFile> {
    return new SlowFile(this, await this.slowly(() => this.#disk.open(name, mode)));
  }

  rename(from: string, to: string): Promise<void> {
    return this.slowly(() => this.#disk.rename(from, to));
  }

  remove(name: string): Promise<void> {
    return this.slowly(() => this.#disk.remove(name));
  }

  sync(): Promise<void> {
    return this.slowly(() => this.#disk.sync());
  }

  lock(): Promise<Disposable | undefined> {
    return this.slowly(() => this.#disk.lock());
  }

  /** Does it, and waits. */
  async slowly<T>(operation: () => Promise<T>): Promise<T> {
    const { draw } = this.#world;
    if (chance(draw, INSTANT_SHARE)) return await operation();
    const { usualMs, worstMs } = this.#slowness;
    const ms = draw() * (chance(draw, WORST_SHARE) ? worstMs : usualMs);
    if (chance(draw, 0.5)) {
      await this.#world.sleep(ms);
      return await operation();
    }
    const result = operation();
    // Looked at behind the wait.
    result.catch(() => {});
    await this.#world.sleep(ms);
    return await result;
  }
}

class SlowFile implements DiskFile {
  readonly #disk: SlowDisk;
  readonly #file: DiskFile;

  constructor(disk: SlowDisk, file: DiskFile) {
    this.#disk = disk;
    this.#file = file;
  }

  size(): Promise<number> {
    return this.#disk.slowly(() => this.#file.size());
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#disk.slowly(() => this.#file.read(into, position));
  }

  write(bytes: Uint8Array, position: number): Promise<number> {
    return this.#disk.slowly(() => this.#file.write(bytes, position));
  }

  truncate(bytes: number): Promise<void> {
    return this.#disk.slowly(() => this.#file.truncate(bytes));
  }

  sync(): Promise<void> {
    return this.#disk.slowly(() => this.#file.sync());
  }

  close(): void {
    this.#file.close();
  }
}
