/**
 * `spillway doctor --live`: whether a running program reads its socket.
 *
 * @module
 */

import { endpointText } from "../../doctor/address.ts";
import { type Look, type LookText, parseLook } from "../../doctor/live/look.ts";
import { isOpen } from "../../doctor/live/target.ts";
import { worstOf } from "../../doctor/live/verdict.ts";
import { LiveWatcher } from "../../doctor/live/watcher.ts";
import { endAfter } from "../end_after.ts";
import { INTERRUPT_CODES } from "../exit_code.ts";
import { type Interrupt, onInterrupt } from "../interrupt.ts";
import type { LiveOptions } from "./live_flags.ts";
import { CommandLooks, inputLooks, portOf } from "./live_looks.ts";
import { type LiveEnd, LiveOutput } from "./live_output.ts";
import { LiveError, liveTarget } from "./live_target.ts";
import { targetText } from "./live_words.ts";
import { UsageError } from "../usage.ts";

/** Looks in which growth must be seen, however rare they are. */
const WINDOW_LOOKS = 20;
const WINDOW_MS = 3_000;
/** Other sockets named where none is the one asked for. */
const OTHERS_MAX = 8;

/** Watches `target` until it is gone, time is up or the user wants to end; gives the exit code. */
export async function live(target: string, options: LiveOptions): Promise<number> {
  return await new LiveRun(await open(target, options), options).run();
}

async function open(text: string, options: LiveOptions): Promise<LiveWatcher> {
  const target = await liveTarget(text);
  if (options.fromInput && target.kind === "process") {
    throw new UsageError("--live PID does not go with -: looks do not tell whose a socket is");
  }
  if (!options.fromInput && Deno.build.os !== "linux") {
    throw new LiveError(
      "sockets are watched on Linux only: take looks there, and give them on standard input (-)",
    );
  }
  const windowMs = Math.max(WINDOW_MS, WINDOW_LOOKS * options.intervalMs);
  return new LiveWatcher(target, { stallMs: options.stallMs, windowMs });
}

/** One run from the first look to the summary. */
class LiveRun {
  readonly #watcher: LiveWatcher;
  readonly #options: LiveOptions;
  readonly #abort = new AbortController();
  #end: LiveEnd | undefined;
  #interrupt: Interrupt | undefined;
  #malformedLines = 0;
  #firstMalformed: string | undefined;
  /** What the last look saw, for who looks for something else. */
  #last: Look | undefined;
  #anySeen = false;

  constructor(watcher: LiveWatcher, options: LiveOptions) {
    this.#watcher = watcher;
    this.#options = options;
  }

  async run(): Promise<number> {
    const { intervalMs, fromInput, forMs, json, everyMs } = this.#options;
    const { signal } = this.#abort;
    using _interrupt = onInterrupt((which) => {
      this.#interrupt = which;
      this.#stop("interrupted");
    });
    using _timer = endAfter(forMs, () => this.#stop("duration"));
    using output = new LiveOutput({ json, everyMs, onClosed: () => this.#stop("output_closed") });
    const commands = fromInput
      ? undefined
      : await CommandLooks.open(this.#watcher, intervalMs, signal);
    for await (const text of commands ?? inputLooks(signal)) {
      this.#look(text, output);
      if (this.#anySeen && !this.#waits && this.#watcher.sockets().length === 0) break;
    }
    if (!this.#anySeen && (this.#end ?? "duration") === "duration") throw this.#nothingThere();
    const end = this.#end ?? (fromInput ? "input_ended" : "gone");
    const sockets = [...this.#watcher.goneSockets(), ...this.#watcher.sockets()];
    const verdict = worstOf(sockets.map((socket) => socket.verdict));
    const exitCode = this.#exitCode(verdict.kind);
    output.summary({
      ...{ end, exitCode, verdict, sockets, looks: this.#watcher.looks },
      longestLookMs: commands?.longestMs ?? 0,
      malformedLines: this.#malformedLines,
      firstMalformed: this.#firstMalformed,
      withoutSs: commands?.withoutSs,
    });
    return exitCode;
  }

  #look(text: LookText, output: LiveOutput): void {
    const port = portOf(this.#watcher);
    const look = parseLook(text, this.#anySeen && port ? { ports: new Set([port]) } : {});
    this.#malformedLines += look.malformedLines;
    this.#firstMalformed ??= look.malformed[0]?.sentence;
    this.#last = look;
    const changes = this.#watcher.look(look);
    this.#anySeen ||= changes.length > 0;
    if (this.#anySeen) output.look(text, changes, this.#watcher);
    else if (!this.#waits) throw this.#nothingThere();
  }

  /** Whether there may be a socket later: a program that connects again and again has none now and then. */
  get #waits(): boolean {
    return this.#options.fromInput || this.#options.forMs !== undefined;
  }

  #nothingThere(): LiveError {
    const { target } = this.#watcher;
    if (target.kind === "process") {
      return new LiveError(
        target.inodes.size === 0
          ? `process ${target.pid} is not there, or has no socket open`
          : `process ${target.pid} has no TCP connection`,
      );
    }
    const others = new Set(
      [...this.#last?.sockets ?? [], ...this.#last?.details ?? []].filter(isOpen)
        .map(({ remote }) => endpointText(remote)),
    );
    const named = [...others].slice(0, OTHERS_MAX).join(", ");
    const more = others.size > OTHERS_MAX ? ` and ${others.size - OTHERS_MAX} more` : "";
    return new LiveError(
      `no socket here is connected to ${targetText(target)}` +
        (named === "" ? "" : `, there are connections to ${named}${more}`) +
        "; of a container, give the PID: it has sockets of its own",
    );
  }

  #exitCode(kind: string): number {
    if (this.#interrupt !== undefined) return INTERRUPT_CODES[this.#interrupt];
    return ["nothing_wrong", "unknown"].includes(kind) ? 0 : 1;
  }

  #stop(end: LiveEnd): void {
    this.#end ??= end;
    this.#abort.abort();
  }
}
