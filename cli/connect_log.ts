/**
 * What is said of a feed on standard error.
 *
 * @module
 */

import {
  type ClientEvent,
  type DisconnectError,
  type DisconnectReason,
  FramingError,
  HandlerError,
} from "../mod.ts";
import { type Finding, findingSentence } from "../src/spill/finding.ts";
import { messageFor } from "./disk_words.ts";
import { endSentence, type EndWords } from "./end_words.ts";
import { isOfHandler } from "./handlers/failure.ts";
import { silenceSentence } from "./silence.ts";
import type { StatusLine } from "./status_line.ts";
import { type Summary, summaryJson, summaryTable } from "./summary.ts";
import { thrownAt } from "./thrown_at.ts";
import { bytes, coloured, counted, seconds, verb } from "./words.ts";

/** Where events, errors and the summary go: sentences for people, or JSON lines. */
export class ConnectLog {
  readonly #command: string;
  readonly #name: string;
  readonly #json: boolean;
  readonly #words: EndWords;
  readonly #status: StatusLine;
  /** Pauses can come by the thousand; the first of a connection is told, the summary counts them. */
  #pauseTold = false;
  /** Of events that come in turns, with their handlers: what people know of. */
  readonly #crossingsTold = new Set<string>();
  /** Records that stay on disk and are in no count of frames. */
  #recordsLeft = 0;

  /** Keeps clear of `status`. */
  constructor(options: {
    command: string;
    name: string;
    json: boolean;
    words: EndWords;
    status: StatusLine;
  }) {
    this.#command = options.command;
    this.#name = options.name;
    this.#json = options.json;
    this.#words = options.words;
    this.#status = options.status;
  }

  /** Tells an event. */
  event(event: ClientEvent): void {
    switch (event.type) {
      case "connected":
        this.#pauseTold = false;
        return this.#say(event, `connected to ${this.#name}`, "dim");
      case "disconnected":
        return this.#disconnected(event.error);
      case "reconnecting":
        return this.#say(
          event,
          `trying again in ${seconds(event.delayMs)} (attempt ${event.attempt})`,
          "yellow",
        );
      case "paused":
        return this.#paused(event);
      case "resumed":
        return;
      case "high_water":
        return this.#crossed(event, `the buffer fills: ${bytes(event.bufferedBytes)} wait`);
      case "spill_started":
        return this.#crossed(event, "the buffer is full: frames wait on disk");
      case "spill_ended":
        return this.#crossed(event, "all that waited on disk is handled", "dim");
      case "spill_recovered":
        return this.#say(
          event,
          `${of(event)}${counted(event.records, "record")} of an earlier run ${
            verb(event.records, "waits on disk and comes", "wait on disk and come")
          } first`,
          "yellow",
        );
      case "spill_left":
        this.#recordsLeft += event.records;
        return this.#say(
          event,
          `${of(event)}${
            counted(event.records, "record")
          } of an earlier run were not read, and come first at the next start`,
          "yellow",
        );
      case "spill_full":
        return this.#say(event, `${of(event)}the spill is full at ${bytes(event.maxBytes)}`, "red");
      case "spill_failed": {
        const message = messageFor(event.error);
        const sentence = `${of(event)}the spill disk refuses: ${message}`;
        return this.#say({ ...event, error: message }, sentence, "red");
      }
      case "spill_lost":
        return this.#say(event, `${of(event)}lost on disk: ${event.message}`, "red");
      case "low_water":
        return this.#crossed(event, "the buffer has emptied");
    }
  }

  /** Tells why it failed, and where in the user's code. */
  error(error: Error): void {
    const threw = error instanceof HandlerError && !isOfHandler(error.cause);
    const stack = threw ? thrownAt(error.cause) : "";
    const message = messageFor(error);
    this.#say(
      { type: "error", message, ...(stack && { stack }) },
      `spillway ${this.#command}: ${message}${stack && `\n${stack}`}`,
      "red",
    );
  }

  /** Tells what only programs and the curious want to know. */
  remark(record: object, sentence: string): void {
    this.#say(record, sentence, "dim");
  }

  /** Tells what is worth a warning. */
  note(record: object, sentence: string): void {
    this.#say(record, sentence, "yellow");
  }

  /** Tells what may be wrong where `target` sends nothing. */
  silent(target: string): void {
    this.note({ type: "silent" }, silenceSentence(target, this.#words.nameOf("hello")));
  }

  /** Tells what was wrong with a directory. */
  finding(finding: Finding): void {
    this.note({ type: "finding", finding }, `${finding.type}: ${findingSentence(finding)}`);
  }

  /** Tells what it came to; on standard output if that is what was asked for. */
  summary(summary: Summary, to: (text: string) => void): void {
    to(this.#json ? summaryJson(summary) : summaryTable(summary, this.#recordsLeft));
  }

  #paused(event: Extract<ClientEvent, { type: "paused" }>): void {
    if (this.#pauseTold) return;
    this.#pauseTold = true;
    this.#say(event, `reading is paused: ${PAUSES[event.waitsFor]}`, "yellow");
  }

  /** Programs get every crossing, people the first of each kind: the summary has the counts. */
  #crossed(
    event: { type: ClientEvent["type"]; handler?: string },
    sentence: string,
    colour: "dim" | "yellow" = "yellow",
  ): void {
    const crossing = `${event.type} ${event.handler ?? ""}`;
    if (this.#crossingsTold.has(crossing) && !this.#json) return;
    this.#crossingsTold.add(crossing);
    this.#say(event, `${of(event)}${sentence}`, colour);
  }

  #disconnected(error: DisconnectError): void {
    // What this side did itself is said by the error or the summary.
    if (TOLD.has(error.reason) && !this.#json) return;
    const sentence = endSentence(error, this.#words);
    this.#say(
      disconnectRecord(error, sentence),
      sentence,
      error.reason === "eof" ? "dim" : "red",
    );
  }

  #say(record: object, sentence: string, colour: "dim" | "yellow" | "red"): void {
    const line = this.#json ? JSON.stringify(record) : coloured(colour, sentence, Deno.stderr);
    this.#status.above(() => console.error(line));
  }
}

/** Names the handler where there are several. */
function of({ handler }: { handler?: string }): string {
  return handler === undefined ? "" : `the handler ${handler}: `;
}

const PAUSES = {
  handler: "the buffer is full, what takes the frames is slower than the server",
  disk: "the buffer is full, the disk takes frames slower than they come, or not at all",
  tap: "what is read is not recorded yet",
};

const TOLD: ReadonlySet<DisconnectReason> = new Set(["aborted", "exhausted", "handler", "tap"]);

function disconnectRecord(error: DisconnectError, message: string): object {
  const { reason, code, errno, report, cause } = error;
  const record = { type: "disconnected", reason, code, errno, message, report };
  if (!(cause instanceof FramingError)) return record;
  return { ...record, violation: { name: cause.violation, offset: cause.offset } };
}
