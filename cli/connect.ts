/**
 * `spillway connect`: a feed on the command line.
 *
 * @module
 */

import {
  type Client,
  connect as openClient,
  DisconnectError,
  type Handler,
  HandlerError,
} from "../mod.ts";
import { connectFlags, type ConnectPlan, planOf } from "./connect_flags.ts";
import { CONNECT_HELP } from "./connect_help.ts";
import { ConnectLog } from "./connect_log.ts";
import { endAfter } from "./end_after.ts";
import { exitCodeOf, INTERRUPT_CODES } from "./exit_code.ts";
import { FRAME_FORMATS } from "./frame_format.ts";
import { FrameOutput, OutputError } from "./frame_output.ts";
import { CountingHandler, loadHandler } from "./handler_file.ts";
import { onInterrupt } from "./interrupt.ts";
import { Live, statusText } from "./live.ts";
import { permissionError } from "./permission.ts";
import { guardConsole, StatusLine } from "./status_line.ts";
import type { RunEnd, Summary } from "./summary.ts";
import { parseFlags } from "./usage.ts";

/** What this side ends with, of its own will. */
interface Stop {
  end: RunEnd;
  exitCode: number;
}

/** A handler that counts what it got. */
type Taker = Handler & { readonly frames: number };

/** Runs `spillway connect` with its arguments and gives the exit code. */
export async function connect(args: string[]): Promise<number> {
  let plan: ConnectPlan;
  try {
    const { flags, positionals } = parseFlags(args, connectFlags);
    if (flags.help) {
      console.log(CONNECT_HELP);
      return 0;
    }
    plan = await planOf(flags, positionals);
  } catch (error) {
    return refuse(error);
  }
  return await new Run(plan).run();
}

function refuse(error: unknown): number {
  const code = exitCodeOf(error);
  if (code === undefined) throw error;
  console.error(`spillway connect: ${(error as Error).message}`);
  return code;
}

/** One run from connecting to the summary. */
export class Run {
  readonly #plan: ConnectPlan;
  readonly #status: StatusLine;
  readonly #log: ConnectLog;
  readonly #abort = new AbortController();
  #stopped: Stop | undefined;
  #taker: Taker | undefined;
  #client: Client | undefined;
  /** When the first connection stood. */
  #startedAt = 0;

  constructor(plan: ConnectPlan) {
    const rawOnTerminal = plan.output === "raw" && Deno.stdout.isTerminal();
    this.#plan = plan;
    this.#status = new StatusLine(!plan.jsonLog && !rawOnTerminal);
    const { command, name, jsonLog: json } = plan;
    this.#log = new ConnectLog({ command, name, json, status: this.#status });
  }

  async run(): Promise<number> {
    const failure = await this.#feed().then(() => undefined, plainly);
    // Ends of connections have been told as they happened.
    const disconnected = failure instanceof DisconnectError;
    const stop = this.#how(failure);
    if (failure !== undefined && !disconnected) this.#log.error(failure);
    if (this.#client !== undefined && stop.end !== "output_closed") {
      const asked = this.#plan.output === "count";
      this.#log.summary(this.#summary(this.#client, stop), asked ? console.log : console.error);
    }
    return stop.exitCode;
  }

  async #feed(): Promise<void> {
    const plan = this.#plan;
    using status = this.#status;
    using _interrupt = onInterrupt((signal) => this.#stop("interrupted", INTERRUPT_CODES[signal]));
    this.#taker = await this.#makeTaker();
    const client = await openClient(plan.target, {
      ...plan.options,
      signal: this.#abort.signal,
      onEvent: (event) => {
        if (plan.jsonLog || plan.tells === undefined || plan.tells(event)) this.#log.event(event);
      },
    });
    this.#client = client;
    this.#startedAt = performance.now();
    using _console = guardConsole(status);
    using _live = new Live(status, () => client.stats(), statusText);
    using _timer = endAfter(plan.durationMs, () => this.#stop("duration"));
    await client.run(this.#taker);
    if ((await client.closed).reason === "exhausted") this.#stop("exhausted");
  }

  async #makeTaker(): Promise<Taker> {
    const { output, handlerFile, limit } = this.#plan;
    const onEnd = (end: RunEnd): void => this.#stop(end);
    if (handlerFile !== undefined) {
      return new CountingHandler(await loadHandler(handlerFile), limit, onEnd);
    }
    const format = output === "count" || output === "handler" ? undefined : FRAME_FORMATS[output];
    return new FrameOutput({ format, limit, status: this.#status, onEnd });
  }

  #stop(end: RunEnd, exitCode = 0): void {
    this.#stopped ??= { end, exitCode };
    this.#abort.abort();
  }

  /** An error of this side comes first, then what was asked for, then what the server did. */
  #how(failure: Error | undefined): Stop {
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

  #summary(client: Client, { end, exitCode }: Stop): Summary {
    return {
      end,
      exitCode,
      frames: this.#taker?.frames ?? 0,
      elapsedMs: performance.now() - this.#startedAt,
      stats: client.stats(),
    };
  }
}

/** The error in the words of this command: what the handler was is no matter if it was none of the user's. */
function plainly(error: unknown): Error {
  if (!(error instanceof Error)) throw error;
  if (!(error instanceof HandlerError)) return error;
  if (error.cause instanceof OutputError) return error.cause;
  return permissionError("the handler", error.cause) ?? error;
}
