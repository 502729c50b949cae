/**
 * Looks, one after the other: by commands, or from standard input.
 *
 * @module
 */

import { LookSplitter, type LookText } from "../../doctor/live/look.ts";
import type { LiveWatcher } from "../../doctor/live/watcher.ts";
import { sleep } from "../../src/reconnect.ts";
import { LiveCommands, type LookRequest } from "./live_commands.ts";
import { LiveError } from "./live_target.ts";

/** The sockets of a process are listed anew this often: it may open others. */
const INODES_EVERY_MS = 1_000;

/** The port by which most of a table can be skipped. */
export function portOf({ target }: LiveWatcher): number | undefined {
  return target.kind === "server" ? target.port : undefined;
}

/** Looks by commands, until aborted or the process is gone. */
export class CommandLooks {
  /** The longest a look took, in milliseconds. */
  longestMs = 0;
  readonly #watcher: LiveWatcher;
  readonly #commands: LiveCommands;
  readonly #intervalMs: number;
  readonly #signal: AbortSignal;
  #inodesAt = -Infinity;

  private constructor(
    watcher: LiveWatcher,
    commands: LiveCommands,
    intervalMs: number,
    signal: AbortSignal,
  ) {
    this.#watcher = watcher;
    this.#commands = commands;
    this.#intervalMs = intervalMs;
    this.#signal = signal;
  }

  /** Throws a `PermissionError` if a command is needed that may not be run. */
  static async open(
    watcher: LiveWatcher,
    intervalMs: number,
    signal: AbortSignal,
  ): Promise<CommandLooks> {
    const commands = await LiveCommands.open(watcher.target.kind, signal);
    return new CommandLooks(watcher, commands, intervalMs, signal);
  }

  /** Why `ss` adds nothing, if so. */
  get withoutSs(): string | undefined {
    return this.#commands.withoutSs;
  }

  /** The looks. */
  async *[Symbol.asyncIterator](): AsyncGenerator<LookText, void> {
    while (!this.#signal.aborted) {
      const from = performance.now();
      let text: LookText | undefined;
      try {
        text = await this.#look(from);
      } catch (error) {
        // Who is interrupted does not fail.
        if (this.#signal.aborted) return;
        throw error;
      }
      if (this.#signal.aborted) return;
      const { target } = this.#watcher;
      if (text === undefined && target.kind === "server") {
        throw new LiveError("the sockets could not be listed");
      }
      if (text === undefined) return;
      yield text;
      const took = performance.now() - from;
      this.longestMs = Math.max(this.longestMs, took);
      // On a machine with so many sockets that looks take long, at most half of the time is theirs.
      await sleep(Math.max(this.#intervalMs - took, took), this.#signal);
    }
  }

  async #look(nowMs: number): Promise<LookText | undefined> {
    const watcher = this.#watcher;
    const { target } = watcher;
    if (target.kind === "process" && nowMs - this.#inodesAt >= INODES_EVERY_MS) {
      this.#inodesAt = nowMs;
      const inodes = await this.#commands.inodes(target.pid);
      watcher.target = { ...target, inodes };
    }
    const request: LookRequest = {
      pid: target.kind === "process" ? target.pid : undefined,
      pids: target.kind === "process" ? [target.pid] : watcher.pids(),
      names: target.kind === "server" && (watcher.looks === 0 || watcher.anyUnnamed),
      port: portOf(watcher),
    };
    return await this.#commands.look(request, performance.now(), Date.now());
  }
}

/** Looks from standard input, until it ends or is aborted. */
export async function* inputLooks(signal: AbortSignal): AsyncGenerator<LookText, void> {
  const splitter = new LookSplitter();
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  const reader = lines.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  let rest = "";
  let looks = 0;
  try {
    while (!signal.aborted) {
      const { value, done } = await reader.read();
      const parts = (rest + (value ?? "")).split("\n");
      rest = done ? "" : parts.pop()!;
      for (const line of parts) {
        const text = splitter.line(line, performance.now(), Date.now());
        if (text !== undefined) looks++, yield text;
      }
      if (done) break;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  const last = splitter.end();
  if (last !== undefined) yield last;
  else if (looks === 0 && !signal.aborted) {
    throw new LiveError(
      "standard input has no look: expected a table that begins with sl local_address, or what " +
        `ss -tinme prints, got ${splitter.strayLines} other lines`,
    );
  }
}
