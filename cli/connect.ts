/**
 * `spillway connect`: a feed on the command line.
 *
 * @module
 */

import { type IsolatedClient, ReaderError } from "../isolation.ts";
import {
  type Client,
  type ClientEvent,
  connect as openClient,
  DisconnectError,
  HandlerError,
} from "../mod.ts";
import { connectFlags, type ConnectPlan, planOf } from "./connect_flags.ts";
import { CONNECT_HELP } from "./connect_help.ts";
import { ConnectLog } from "./connect_log.ts";
import { exitCodeOf, INTERRUPT_CODES } from "./exit_code.ts";
import { FRAME_FORMATS } from "./frame_format.ts";
import { FrameOutput } from "./frame_output.ts";
import { Crew } from "./handlers/crew.ts";
import { handlerFailure } from "./handlers/failure.ts";
import type { HandlerEvent } from "./handlers/make.ts";
import type { HandlerPlan } from "./handlers/plan.ts";
import { refuseMissing } from "./handlers/missing.ts";
import { eventRecord, eventSentence, readerFailure } from "./handlers/words.ts";
import { flagOf, inFlags, inKeys, keyOf } from "./in_flags.ts";
import { type Interrupt, onInterrupt } from "./interrupt.ts";
import { isIsolated, IsolatedRun } from "./isolated.ts";
import { Live, statusText } from "./live.ts";
import { Patience } from "./patience.ts";
import { askToConnect } from "./permission.ts";
import { refuse } from "./refusal.ts";
import { RunClock } from "./run_clock.ts";
import { Silence } from "./silence.ts";
import { OutputError } from "./standard_streams.ts";
import { guardConsole, StatusLine } from "./status_line.ts";
import type { RunEnd, Summary } from "./summary.ts";
import { parseFlags, textFlag } from "./usage.ts";
import { unreadBeside, unreadSentence } from "./unread.ts";
import { withOverflow } from "./when_full.ts";
import { counted, seconds, verb } from "./words.ts";

/** What this side ends with, of its own will. */
interface Stop {
  end: RunEnd;
  exitCode: number;
}

/** Runs `spillway connect` with its arguments and gives the exit code. */
export async function connect(args: string[]): Promise<number> {
  try {
    const { flags, positionals } = parseFlags(args, connectFlags);
    if (flags.help) {
      console.log(CONNECT_HELP);
      return 0;
    }
    const config = textFlag(flags, "config");
    const plan = config === undefined
      ? await planOf(flags, positionals)
      : await (await import("./config/plan.ts")).configPlan(config, flags, positionals);
    return await new Run(plan).run();
  } catch (error) {
    return refuse("connect", args, error);
  }
}

/** A handler, or who reads standard output, has not done its part: as if it had failed. */
const UNFINISHED_CODE = 4;

/** One run from connecting to the summary. */
export class Run {
  readonly #plan: ConnectPlan;
  readonly #status: StatusLine;
  readonly #log: ConnectLog;
  readonly #abort = new AbortController();
  #stopped: Stop | undefined;
  /** Whatever was begun is finished at the end. */
  #finishes = true;
  readonly #patience: Patience;
  readonly #clock: RunClock;
  readonly #silence: Silence;
  /** What takes the frames: the user's handlers, or standard output. */
  #taker: Crew | FrameOutput | IsolatedRun | undefined;
  #client: Client | IsolatedClient | undefined;
  #framesLeft = 0;
  /** The end of a connection that its framing did not fit, the first. */
  #misfit: DisconnectError | undefined;

  constructor(plan: ConnectPlan) {
    const rawOnTerminal = plan.output === "raw" && Deno.stdout.isTerminal();
    this.#plan = plan;
    this.#status = new StatusLine(!plan.jsonLog && !rawOnTerminal);
    const { command, name, jsonLog: json, configFile } = plan;
    const words = {
      nameOf: configFile === undefined ? flagOf : keyOf,
      idleTimeoutMs: plan.options.idleTimeoutMs,
      ...plan.handlers.length === 0 && {
        handler: plan.output === "count" ? "this command" : "standard output",
      },
    };
    this.#patience = new Patience(plan.stopTimeoutMs, () => this.#tellWait());
    this.#clock = new RunClock(plan.durationMs, () => this.#timeUp());
    this.#silence = new Silence(
      () => this.#client?.stats().bytesRead ?? 0,
      () => this.#tellSilence(),
    );
    this.#log = new ConnectLog({ command, name, json, words, status: this.#status });
  }

  async run(): Promise<number> {
    const failure = await this.#feed().then(() => undefined, (error) => this.#plainly(error));
    // Ends of connections have been told as they happened.
    const disconnected = failure instanceof DisconnectError;
    const stop = this.#how(failure);
    if (failure !== undefined && !disconnected) this.#log.error(failure);
    // What never was connected has come to nothing.
    if (this.#client !== undefined && this.#clock.started && stop.end !== "output_closed") {
      const asked = this.#plan.output === "count";
      this.#log.summary(this.#summary(this.#client, stop), asked ? console.log : console.error);
    }
    return stop.exitCode;
  }

  async #feed(): Promise<void> {
    const plan = this.#plan;
    // Those of a config file are looked for with its other mistakes.
    if (plan.configFile === undefined) await refuseMissing(plan.handlers);
    await this.#tellUnread();
    askToConnect(plan.target);
    using _status = this.#status;
    using _interrupt = onInterrupt((signal) => this.#interrupt(signal));
    using _patience = this.#patience;
    using _clock = this.#clock;
    using _silence = this.#silence;
    if (isIsolated(plan)) return await this.#feedIsolated();
    if (plan.handlers.length === 0) return await this.#feedTo(this.#makeOutput());
    const crew = this.#makeCrew();
    await using _crew = {
      [Symbol.asyncDispose]: () => this.#patience.end(crew[Symbol.asyncDispose]()),
    };
    if (await this.#patience.wait(crew.load()) === "late") return this.#leaveUnopened();
    await this.#feedTo(crew);
  }

  /** Says that more is on disk than this run reads, which nothing else would. */
  async #tellUnread(): Promise<void> {
    const { options, handlers } = this.#plan;
    const names = handlers.filter(({ named }) => named).map(({ name }) => name);
    for (const unread of await unreadBeside(options.whenFull, names)) {
      this.#log.note({ type: "unread", ...unread }, unreadSentence(unread));
    }
  }

  async #feedTo(output: Crew | FrameOutput): Promise<void> {
    const { target, options } = this.#plan;
    this.#taker = output;
    const client = await openClient(target, {
      ...withOverflow(options),
      signal: this.#abort.signal,
      onEvent: (event) => this.#tell(event),
    });
    const running = client.run(output instanceof Crew ? output.handlers : output)
      .then(() => client.closed);
    const end = await this.#follow(client, running);
    if (end?.reason !== "exhausted") return;
    if (this.#misfit !== undefined) throw this.#misfit;
    this.#stop("exhausted");
  }

  /** The same, with everything in workers. */
  async #feedIsolated(): Promise<void> {
    const run = await IsolatedRun.start(this.#plan, {
      signal: this.#abort.signal,
      onClientEvent: (event) => this.#tell(event),
      onHandlerEvent: (plan, event) => this.#tellOf(plan, event),
    });
    this.#taker = run;
    this.#client = run.client;
    if (await this.#patience.wait(run.client.opened()) === "late") return this.#leaveUnopened();
    const end = await this.#follow(run.client, run.ended());
    // Nothing here has closed it: the reader did.
    if (end?.reason === "aborted") this.#stop("limit");
  }

  /** Waits for the end of a client, which it gives, or for the end of patience. */
  async #follow(
    client: Client | IsolatedClient,
    running: Promise<DisconnectError>,
  ): Promise<DisconnectError | undefined> {
    const status = this.#status;
    this.#client = client;
    using _console = guardConsole(status);
    using _live = new Live(status, () => client.stats(), statusText);
    const end = await this.#patience.wait(running);
    if (end !== "late") return end;
    this.#leave();
  }

  #tell(event: ClientEvent): void {
    if (event.type === "connected") {
      this.#clock.start();
      this.#silence.begin();
    }
    // Who has closed standard output has what they wanted, and wants no word of the end.
    if (this.#stopped?.end === "output_closed") return;
    const { jsonLog, tells } = this.#plan;
    if (event.type === "disconnected" && event.error.reason === "invalid_frame") {
      this.#misfit ??= event.error;
    }
    if (jsonLog || tells === undefined || tells(event)) this.#log.event(event);
  }

  /** A recording that is replayed is asked for nothing. */
  #tellSilence(): void {
    const { target } = this.#plan;
    if (typeof target === "string") this.#log.silent(target);
  }

  #tellOf(plan: HandlerPlan, event: HandlerEvent): void {
    const good = event.type === "started" || event.type === "reloaded";
    const tell = good ? "remark" : "note";
    this.#log[tell](eventRecord(plan, event), eventSentence(plan, event));
  }

  #makeCrew(): Crew {
    const { handlers: plans, limit, options } = this.#plan;
    return new Crew({
      plans,
      partition: options.partition,
      limit,
      onEnd: (end) => this.#stop(end),
      onEvent: (plan, event) => this.#tellOf(plan, event),
    });
  }

  #makeOutput(): FrameOutput {
    const { output, limit } = this.#plan;
    const onEnd = (end: RunEnd): void => this.#stop(end);
    const format = output === "count" || output === "handler" ? undefined : FRAME_FORMATS[output];
    const everyBatch = typeof this.#plan.options.whenFull === "object";
    return new FrameOutput({ format, everyBatch, limit, status: this.#status, onEnd });
  }

  /** Ends in order: no more is read, and batches at hand have a while to be finished. */
  #interrupt(signal: Interrupt): void {
    this.#stop("interrupted", INTERRUPT_CODES[signal]);
    this.#patience.start();
  }

  /** The same: who says how long a run may take does not mean a handler that never settles. */
  #timeUp(): void {
    // In the reader's care it is reached before this side hears of it.
    const given = this.#taker?.frames ?? 0;
    this.#stop(given >= this.#plan.limit ? "limit" : "duration");
    this.#patience.start();
  }

  /** Something at hand is not finished yet. */
  #tellWait(): void {
    const again = this.#stopped?.end === "interrupted" ? "; interrupt again to end at once" : "";
    const wait = `ending: what is at hand has ${seconds(this.#plan.stopTimeoutMs)}${again}`;
    this.#log.note({ type: "stopping" }, wait);
  }

  /** Ends though a handler is not open. */
  #leaveUnopened(): void {
    this.#finishes = false;
    this.#log.note({ type: "unfinished" }, `a handler was not open ${this.#inTime()}`);
  }

  /** Ends though a batch is not finished. */
  #leave(): void {
    this.#finishes = false;
    const within = this.#inTime();
    if (this.#taker === undefined || this.#taker instanceof FrameOutput) {
      return this.#log.note({ type: "unfinished" }, `standard output took no more ${within}`);
    }
    this.#framesLeft = this.#taker.framesHeld;
    if (this.#framesLeft === 0) {
      // Of handlers in the reader's care nobody tells which is called.
      const out = this.#taker instanceof Crew ? this.#taker.callOut : undefined;
      const what = out === undefined
        ? "what closes, a handler or a directory,"
        : `${out.call}() of ${out.of}`;
      const record = { type: "unfinished", frames: 0, ...out && { call: out.call } };
      return this.#log.note(record, `${what} was not done ${within}`);
    }
    this.#log.note(
      { type: "unfinished", frames: this.#framesLeft },
      `a handler was not done ${within}: ${counted(this.#framesLeft, "frame")} ${
        verb(this.#framesLeft, "is", "are")
      } left with it`,
    );
  }

  /** Within which time something had to be finished. */
  #inTime(): string {
    const since = this.#stopped?.end === "interrupted" ? "the interrupt" : "the end of --duration";
    return `within ${seconds(this.#plan.stopTimeoutMs)} of ${since}`;
  }

  #stop(end: RunEnd, exitCode = 0): void {
    this.#stopped ??= { end, exitCode };
    this.#abort.abort();
  }

  /** How it ended: that is no success where something is left undone; an interrupt has its own code. */
  #how(failure: Error | undefined): Stop {
    const { end, exitCode } = this.#ended(failure);
    const whole = this.#finishes && !this.#missesDisk;
    return { end, exitCode: whole ? exitCode : exitCode || UNFINISHED_CODE };
  }

  /** An error of this side comes first, then what was asked for, then what the server did. */
  #ended(failure: Error | undefined): Stop {
    const exitCode = exitCodeOf(failure);
    if (failure !== undefined && !(failure instanceof DisconnectError)) {
      if (exitCode === undefined) throw failure;
      return { end: "failed", exitCode };
    }
    if (this.#stopped !== undefined) return this.#stopped;
    return exitCode === undefined
      ? { end: "server_closed", exitCode: 0 }
      : { end: "disconnected", exitCode };
  }

  /** All of it was to be on disk, and some is not. */
  get #missesDisk(): boolean {
    const { whenFull } = this.#plan.options;
    const durable = typeof whenFull === "object" && "journal" in whenFull;
    return durable && (this.#client?.stats().framesDroppedSpill ?? 0) > 0;
  }

  #summary(client: Client | IsolatedClient, { end, exitCode }: Stop): Summary {
    const taker = this.#taker;
    const handlers = taker instanceof FrameOutput ? undefined : taker?.report(client);
    return {
      end,
      exitCode,
      frames: this.#taker?.frames ?? 0,
      elapsedMs: this.#clock.elapsedMs,
      stats: client.stats(),
      ...(handlers && { handlers }),
      framesLeft: this.#framesLeft,
    };
  }

  /** The error in the words of this command: what the handler was is no matter if it was none of the user's. */
  #plainly(error: unknown): Error {
    if (!(error instanceof Error)) throw error;
    if (error instanceof ReaderError) return readerFailure(error);
    const { configFile } = this.#plan;
    if (!(error instanceof HandlerError)) {
      return configFile === undefined ? inFlags(error) : inKeys(error, configFile);
    }
    if (error.cause instanceof OutputError) return error.cause;
    return handlerFailure(error, this.#plan.handlers);
  }
}
