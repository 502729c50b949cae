/**
 * One handler process, from its start to its end.
 *
 * @module
 */

import type { Batch } from "../../batch.ts";
import { withResolvers } from "../../deferred.ts";
import type { HandlerContext } from "../../dispatch/handler.ts";
import { Exclusive } from "../../exclusive.ts";
import type { ClientStats } from "../../status.ts";
import { HandlerModuleError } from "../contract.ts";
import { BatchEncoder } from "./batch_message.ts";
import { HandlerProcessError, type ProcessFailure } from "./errors.ts";
import { ForwardedWrites } from "./forwarded_writes.ts";
import type { ProcessSettings } from "./options.ts";
import {
  ChildMessages,
  FromChild,
  message,
  numberOf,
  ProtocolViolation,
  ToChild,
} from "./protocol.ts";
import type { ChildMessage } from "./protocol.ts";
import { decodeError, RemoteError } from "./remote_error.ts";
import { spawnChild } from "./spawn.ts";

/** How often a process is asked, between two batches, for a sign of life and its memory; more often where a batch may take less. */
const PING_EVERY_MS = 1000;
/** What has been said before the end is read within this time of it. */
const LAST_WORDS_MS = 500;

/** What is there already is read within this time. */
const GRACE_MS = 20;

/** A question that is out. */
interface Asked {
  answer: FromChild;
  answered: PromiseWithResolvers<void>;
}

/** A running process. What is asked of it waits for what was asked before. */
export class HandlerProcess {
  /** Resident memory it last told of, in bytes; 0 if it has not. */
  residentBytes = 0;
  /** Settles, never rejecting, when the process has ended, with why: `undefined` when that was wanted. */
  readonly ended: Promise<Error | undefined>;
  readonly #settings: ProcessSettings;
  #context: HandlerContext | undefined;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<Uint8Array>;
  readonly #encoder = new BatchEncoder();
  readonly #writes: ForwardedWrites;
  readonly #abort = () => void this.#send([message(ToChild.abort)]);
  #asked: Asked | undefined;
  /** Resolves when a question has been written, or the process has ended. */
  #sent: PromiseWithResolvers<void> | undefined;
  /** One question at a time. */
  readonly #exclusive = new Exclusive();
  #pinging: ReturnType<typeof setInterval> | undefined;
  #error: Error | undefined;
  #over = false;

  /** Starts it. Throws a {@linkcode HandlerProcessError} if that can't be. */
  constructor(settings: ProcessSettings) {
    this.#settings = settings;
    this.#child = spawnChild(settings);
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.getReader();
    this.#writes = new ForwardedWrites(
      (bytes) => this.#client.write(bytes),
      (body) => this.#send([message(ToChild.written, body)]),
    );
    this.ended = this.#watch();
  }

  /** Waits until it has loaded the module, once, before all else. Rejects with what kept it from that; it has ended then. */
  async load(): Promise<void> {
    const { startTimeoutMs } = this.#settings;
    try {
      await this.#ask([], FromChild.ready, startTimeoutMs, "load its module").catch(notLoaded);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Opens the handler, once, before all batches. Rejects as {@linkcode HandlerProcess.load} does. */
  async open(context: HandlerContext): Promise<void> {
    this.#context = context;
    this.#passAbort(context.signal);
    try {
      const open = message(ToChild.open, statsBytes(context.stats()));
      await this.#ask([open], FromChild.opened, this.#settings.startTimeoutMs, "open()");
    } catch (error) {
      await this.kill();
      throw error;
    }
    if (!this.over) this.#attend();
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Whether it is gone, or about to be. */
  get over(): boolean {
    return this.#over || this.#error !== undefined;
  }

  /** Resolves when the handler is done with the batch; rejects with a `RemoteError` when it threw, and with how the process ended if it did. */
  async batch(batch: Batch): Promise<void> {
    const { batchTimeoutMs } = this.#settings;
    const what = `handle ${batch.count} frames`;
    await this.#exclusive.run(() => {
      // Not before its turn: what was encoded last is still being sent.
      const parts = this.#encoder.encode(batch, this.#client.stats());
      return this.#askNow(parts, FromChild.settled, batchTimeoutMs, what);
    });
  }

  /** Closes the handler and ends the process, by force if it takes too long. Rejects with what went wrong. */
  async close(): Promise<void> {
    const { closeTimeoutMs } = this.#settings;
    const close = message(ToChild.close, statsBytes(this.#client.stats()));
    try {
      await this.#ask([close], FromChild.closed, closeTimeoutMs, "close()");
      // It ends by itself when its input does.
      this.#over = true;
      const closing = this.#input.close().catch(() => {});
      await within(closeTimeoutMs, Promise.all([closing, this.#child.status]));
    } finally {
      await this.kill();
    }
  }

  /** Ends it at once, unless it has ended. */
  async kill(): Promise<void> {
    this.#over = true;
    this.#sigkill();
    await this.ended;
  }

  get #client(): HandlerContext {
    // INVARIANT: open() comes before what needs a client.
    return this.#context!;
  }

  /**
   * Asks, and resolves with the answer in time. A process that gives none is
   * killed. What was asked with is not in use any more when this settles.
   */
  #ask(parts: Uint8Array[], answer: FromChild, limitMs: number, what: string): Promise<void> {
    return this.#exclusive.run(() => this.#askNow(parts, answer, limitMs, what));
  }

  async #askNow(
    parts: Uint8Array[],
    answer: FromChild,
    limitMs: number,
    what: string,
  ): Promise<void> {
    if (this.over) throw await this.ended ?? this.#failure("exit", "its process has ended");
    const answered = withResolvers<void>();
    this.#asked = { answer, answered };
    const late = () => this.#end(this.#failure("timeout", `did not ${what} within ${limitMs} ms`));
    // The answer may wait behind what held this thread for as long.
    let timer = setTimeout(() => timer = setTimeout(late, GRACE_MS), limitMs);
    // No race with `ended`: as long as that is pending, it would keep something of each question.
    const sent = this.#sent = withResolvers<void>();
    void this.#send(parts).then(sent.resolve);
    try {
      await answered.promise;
      await sent.promise;
    } finally {
      this.#asked = this.#sent = undefined;
      clearTimeout(timer);
    }
  }

  /** Writes; never rejects: the process's end tells. */
  async #send(parts: Uint8Array[]): Promise<void> {
    try {
      await Promise.all(parts.map((part) => this.#input.write(part)));
    } catch {
      // A broken pipe.
    }
  }

  /** Tells it when the client closes, until it ends. */
  #passAbort(signal: AbortSignal): void {
    if (this.over) return;
    signal.addEventListener("abort", this.#abort);
    if (signal.aborted) this.#abort();
  }

  /** Asks for signs of life, until it ends. */
  #attend(): void {
    const { batchTimeoutMs } = this.#settings;
    const ping = message(ToChild.ping);
    let waiting = false;
    this.#pinging = setInterval(async () => {
      if (waiting) return;
      waiting = true;
      const asking = this.#ask([ping], FromChild.pong, batchTimeoutMs, "give a sign of life");
      // Why none came is told by `ended`.
      await asking.catch(() => {});
      waiting = false;
    }, Math.min(PING_EVERY_MS, batchTimeoutMs / 2));
  }

  /** Resolves with why the process ended, when it has. */
  async #watch(): Promise<Error | undefined> {
    const reading = this.#read();
    const { code, signal } = await this.#child.status;
    // A child of its own may hold its output open.
    await within(LAST_WORDS_MS, reading);
    await this.#output.cancel().catch(() => {});
    await within(LAST_WORDS_MS, this.#input.abort().catch(() => {}));
    clearInterval(this.#pinging);
    this.#context?.signal.removeEventListener("abort", this.#abort);
    const wanted = this.#over && this.#error === undefined;
    this.#over = true;
    if (!wanted) this.#error ??= this.#exited(code, signal);
    this.#asked?.answered.reject(this.#error ?? this.#failure("exit", "its process was ended"));
    this.#sent?.resolve();
    return this.#error;
  }

  async #read(): Promise<void> {
    const messages = new ChildMessages();
    try {
      for (
        let { value } = await this.#output.read();
        value;
        { value } = await this.#output.read()
      ) {
        for (const said of messages.read(value)) this.#receive(said);
      }
    } catch (error) {
      this.#end(this.#failure("protocol", (error as Error).message, error));
    }
  }

  #receive({ kind, body }: ChildMessage): void {
    switch (kind) {
      case FromChild.write:
        if (this.#context === undefined) {
          throw new ProtocolViolation("expected no write before open(), got one");
        }
        return this.#writes.receive(body);
      case FromChild.memory:
        this.residentBytes = numberOf(body);
        return this.#end(this.#failure(
          "memory",
          `took ${this.residentBytes} bytes of memory, more than the ${this.#settings.memoryLimitBytes} allowed`,
        ));
      case FromChild.pong:
        this.residentBytes = numberOf(body);
        break;
      case FromChild.failed: {
        const error = remoteError(body);
        return this.#settle(kind).reject(error);
      }
    }
    this.#settle(kind).resolve();
  }

  /** The question that `kind` answers; it is out no more. */
  #settle(kind: FromChild): PromiseWithResolvers<void> {
    const asked = this.#asked;
    if (asked === undefined || (kind !== asked.answer && kind !== FromChild.failed)) {
      const expected = asked === undefined ? "no answer" : `an answer of kind ${asked.answer}`;
      throw new ProtocolViolation(`expected ${expected}, got one of kind ${kind}`);
    }
    this.#asked = undefined;
    return asked.answered;
  }

  /** Kills the process for `error`, unless something else has ended it before. */
  #end(error: Error): void {
    this.#error ??= error;
    this.#sigkill();
  }

  #sigkill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }

  #exited(code: number, signal: Deno.Signal | null): Error {
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    return new HandlerProcessError(
      this.#settings.name,
      "exit",
      `its process ended ${how}; standard error may say why`,
      signal === null ? { exitCode: code } : { signal },
    );
  }

  #failure(failure: ProcessFailure, what: string, cause?: unknown): HandlerProcessError {
    return new HandlerProcessError(this.#settings.name, failure, what, { cause });
  }
}

function remoteError(body: Uint8Array): RemoteError {
  const error = decodeError(body);
  if (error === undefined) throw new ProtocolViolation("expected an error, got other bytes");
  return error;
}

/** What is thrown before a module is ready comes of the module itself. */
function notLoaded(error: unknown): never {
  if (!(error instanceof RemoteError)) throw error;
  const known = error.remoteName === "HandlerModuleError";
  throw new HandlerModuleError(
    known ? error.message : `the handler's module cannot be loaded: ${error.message}`,
    { cause: error },
  );
}

function statsBytes(stats: ClientStats): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(stats));
}

/** Waits for `promise`, but no longer than `ms`. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const late = withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([promise, late.promise]);
  clearTimeout(timer);
}
