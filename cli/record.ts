/**
 * `spillway record`: a feed's raw bytes into a directory.
 *
 * @module
 */

import { type ClientEvent, connect, DisconnectError } from "../mod.ts";
import { RecordingError } from "../src/record/errors.ts";
import { openRecorder, type Recorder } from "../src/record/recorder.ts";
import { ConnectLog } from "./connect_log.ts";
import { endAfter } from "./end_after.ts";
import { recordingEnd } from "./end_words.ts";
import { exitCodeOf, INTERRUPT_CODES } from "./exit_code.ts";
import { flagOf, inFlags } from "./in_flags.ts";
import { onInterrupt } from "./interrupt.ts";
import { Live } from "./live.ts";
import { recordFlags, type RecordPlan, recordPlan } from "./record_flags.ts";
import { RECORD_HELP } from "./record_help.ts";
import { behindText, recordingJson, recordingText, recordStatus } from "./record_report.ts";
import { refuse } from "./refusal.ts";
import { Silence } from "./silence.ts";
import { StatusLine } from "./status_line.ts";
import type { RunEnd } from "./summary.ts";
import { parseFlags } from "./usage.ts";

/** Runs `spillway record` with its arguments and gives the exit code. */
export async function record(args: string[]): Promise<number> {
  try {
    const { flags, positionals } = parseFlags(args, recordFlags);
    if (flags.help) {
      console.log(RECORD_HELP);
      return 0;
    }
    return await new RecordRun(await recordPlan(flags, positionals)).run();
  } catch (error) {
    return refuse("record", args, error instanceof Error ? inFlags(error, OWN_FLAGS) : error);
  }
}

/** Those that no other command has, or by another name. */
const OWN_FLAGS = { maxBytes: "--max", segmentBytes: "--segment" };

/** The rest is of the client's buffer, which nobody fills: of the recording's the recorder tells. */
const OF_CONNECTIONS: ReadonlySet<ClientEvent["type"]> = new Set([
  "connected",
  "disconnected",
  "reconnecting",
]);

/** One recording from opening the directory to the summary. */
class RecordRun {
  readonly #plan: RecordPlan;
  readonly #status: StatusLine;
  readonly #log: ConnectLog;
  readonly #abort = new AbortController();
  #stopped: { end: RunEnd; exitCode: number } | undefined;
  #connections = 0;
  #behindTold = false;
  #startedAt = 0;

  constructor(plan: RecordPlan) {
    const { target, json } = plan;
    const words = {
      nameOf: flagOf,
      idleTimeoutMs: plan.options.idleTimeoutMs,
      handler: "this command",
      tap: "the recording",
    };
    this.#plan = plan;
    this.#status = new StatusLine(!json);
    this.#log = new ConnectLog({
      command: "record",
      name: target,
      json,
      words,
      status: this.#status,
    });
  }

  async run(): Promise<number> {
    using status = this.#status;
    using _interrupt = onInterrupt((signal) => this.#stop("interrupted", INTERRUPT_CODES[signal]));
    const { directory, recorder: options } = this.#plan;
    const recorder = await openRecorder(directory, {
      ...options,
      onEvent: (event) => {
        if (event.type === "behind") this.#behind(event);
      },
    });
    for (const finding of recorder.findings.kept) this.#log.finding(finding);
    using _live = new Live(status, () => recorder.stats(), recordStatus);
    const failure = await this.#feed(recorder).then(() => undefined, onlyDisconnect);
    const refusal = await recorder.close().then(() => undefined, onlyRecording);
    if (refusal !== undefined) this.#log.error(recordingEnd(refusal));
    return this.#summary(recorder, failure, refusal);
  }

  async #feed(recorder: Recorder): Promise<void> {
    const { target, options, durationMs } = this.#plan;
    using silence = new Silence(
      () => recorder.stats().receivedBytes,
      () => this.#log.silent(target),
    );
    const client = await connect(target, {
      ...options,
      tap: recorder.tap,
      signal: this.#abort.signal,
      onEvent: (event) => {
        if (event.type === "connected") {
          this.#connections += 1;
          silence.begin();
        }
        if (OF_CONNECTIONS.has(event.type)) this.#log.event(event);
      },
    });
    this.#startedAt = performance.now();
    using _timer = endAfter(durationMs, () => this.#stop("duration"));
    await client.run({ batch() {} });
  }

  /** Programs get every pause, people the first: the summary has the count. */
  #behind(event: { type: "behind"; bufferedBytes: number }): void {
    if (this.#behindTold && !this.#plan.json) return;
    this.#behindTold = true;
    this.#log.note(event, behindText(event.bufferedBytes));
  }

  #stop(end: RunEnd, exitCode = 0): void {
    this.#stopped ??= { end, exitCode };
    this.#abort.abort();
  }

  /** An error of this side comes first, then what was asked for, then what the server did. */
  #summary(
    recorder: Recorder,
    failure: DisconnectError | undefined,
    refusal: RecordingError | undefined,
  ): number {
    const { end, exitCode } = refusal !== undefined
      ? { end: "failed" as const, exitCode: 4 }
      : this.#stopped ?? (failure === undefined
        ? { end: "server_closed" as const, exitCode: 0 }
        : { end: "disconnected" as const, exitCode: exitCodeOf(failure) ?? 1 });
    if (this.#connections === 0) return exitCode;
    const summary = {
      ...{ end, exitCode, directory: this.#plan.directory, connections: this.#connections },
      elapsedMs: performance.now() - this.#startedAt,
      stats: recorder.stats(),
    };
    console.log(this.#plan.json ? recordingJson(summary) : recordingText(summary));
    return exitCode;
  }
}

/** Ends of connections have been told as they happened. */
function onlyDisconnect(error: unknown): DisconnectError {
  if (!(error instanceof DisconnectError)) throw error;
  return error;
}

function onlyRecording(error: unknown): RecordingError {
  if (!(error instanceof RecordingError)) throw error;
  return error;
}
