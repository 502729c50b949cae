/**
 * Tells when the files of a module have been saved.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { sleep } from "../../src/reconnect.ts";
import { type ModuleFiles, moduleFiles, sameFiles, watchError } from "./module_files.ts";

/** For so long nothing may change before it is taken to be saved: editors write in pieces. */
const SETTLE_MS = 100;

/** Who is told; what they do is waited for before anything more is told. */
export interface ModuleWatcher {
  /** The texts are others than they were. */
  changed(): Promise<void>;
  /** They can't be read. */
  refused(error: Error): void;
}

/**
 * Watches the directories of a module's files, because many editors save by a
 * new file under the old name. What counts is the texts: a save that changes
 * none is told of to nobody.
 */
export class ModuleWatch implements Disposable {
  readonly #file: string;
  readonly #watcher: ModuleWatcher;
  readonly #abort = new AbortController();
  #known: ModuleFiles;
  #directories: readonly string[] = [];
  #events: Deno.FsWatcher | undefined;
  #looking = false;
  /** Something happened while it was looking. */
  #again = false;

  /** Watches `file` as it was when it had the texts `known`; throws a `PermissionError` that names the flag. */
  constructor(file: string, known: ModuleFiles, watcher: ModuleWatcher) {
    this.#file = file;
    this.#known = known;
    this.#watcher = watcher;
    this.#watch(known);
    void this.#look();
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
    this.#events?.close();
  }

  /** Has the directories of `files` watched, the new ones before the old ones are not any more. */
  #watch(files: ModuleFiles): void {
    const directories = [...new Set([...files.keys()].map(dirname))].filter(isDirectory).sort();
    const same = directories.join("\n") === this.#directories.join("\n");
    if (same || directories.length === 0) return;
    const before = this.#events;
    try {
      this.#events = Deno.watchFs(directories, { recursive: false });
    } catch (error) {
      throw watchError(directories.join(", "), error);
    }
    this.#directories = directories;
    // Nothing has told what has changed there before.
    this.#again = true;
    before?.close();
    void this.#heed(this.#events);
  }

  async #heed(events: Deno.FsWatcher): Promise<void> {
    try {
      for await (const { kind, paths } of events) {
        // Other files are of no concern, unless they become one of these.
        const names = [...this.#known.keys()].map((path) => basename(path));
        const concerns = kind !== "modify" || paths.some((path) => names.includes(basename(path)));
        if (concerns && kind !== "access") void this.#look();
      }
    } catch (error) {
      this.#watcher.refused(watchError(this.#directories.join(", "), error));
    }
  }

  async #look(): Promise<void> {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    while (this.#again && !this.#abort.signal.aborted) {
      this.#again = false;
      try {
        await this.#compare();
      } catch (error) {
        this.#watcher.refused(error as Error);
      }
    }
    this.#looking = false;
  }

  async #compare(): Promise<void> {
    const { signal } = this.#abort;
    let files = await moduleFiles(this.#file);
    if (sameFiles(files, this.#known)) return;
    for (let settled = false; !settled;) {
      const before = files;
      await sleep(SETTLE_MS, signal);
      if (signal.aborted) return;
      files = await moduleFiles(this.#file);
      settled = sameFiles(files, before);
    }
    if (sameFiles(files, this.#known)) return;
    this.#known = files;
    this.#watch(files);
    await this.#watcher.changed();
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw watchError(path, error);
    return false;
  }
}
