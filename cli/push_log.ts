/**
 * What `spillway push` says: a log on standard output, and on a terminal a
 * status line on standard error.
 *
 * @module
 */

import type { ClientCounters, PushEvent } from "../push/events.ts";
import { STATUS_EVERY_MS, StatusLine } from "./status_line.ts";
import { bytes, coloured, counted, seconds, whole } from "./words.ts";

/** What is pushed one by one: what a recording has are chunks. */
export type PushUnit = "frame" | "chunk";

/** The event in one line for people; `unit` is what its frames are. */
function describe(event: PushEvent, unit: PushUnit): string {
  const name = `client ${event.client}`;
  if (event.type === "accept") {
    return event.peer === "" ? `${name} connected` : `${name} connected from ${event.peer}`;
  }
  const after = `after ${seconds(event.elapsedMs)}, ${counted(event.framesAccepted, unit)} (${
    bytes(event.bytesAccepted)
  }) accepted`;
  switch (event.type) {
    case "cut":
      return `${name} cut (${event.how}, ${event.reason}) ${after}, ${
        bytes(event.queueBytes)
      } queued, longest stall ${seconds(event.longestStallMs)}`;
    case "finish":
      return `${name} finished ${after}, queue at most ${
        bytes(event.maxQueueBytesSeen)
      }, longest stall ${seconds(event.longestStallMs)}`;
    case "client_error":
      return `${name} went (${event.code}) ${after}`;
    case "stop":
      return `${name} stopped ${after}`;
  }
}

/** Where a push server's events go. */
export class PushLog implements Disposable {
  readonly #json: boolean;
  readonly #unit: PushUnit;
  readonly #status: StatusLine;
  readonly #started: number = performance.now();
  #timer: ReturnType<typeof setInterval> | undefined;
  #endedFrames = 0;
  #endedBytes = 0;

  readonly #onFailed: () => void;
  #failure: unknown;

  /** A log as JSON lines or for people; live if standard error is a terminal. `onFailed` is called when an event can't be written. */
  constructor(
    { json, unit = "frame", onFailed }: { json: boolean; unit?: PushUnit; onFailed: () => void },
  ) {
    this.#json = json;
    this.#unit = unit;
    this.#onFailed = onFailed;
    this.#status = new StatusLine(!json);
  }

  /** Throws what an event could not be written for: the server that tells of it has nobody to tell. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Says where clients can connect. */
  listening(where: { port: number; hostname: string } | { path: string }): void {
    if (this.#json) return this.#line(JSON.stringify({ type: "listening", ...where }));
    const address = "path" in where ? `unix:${where.path}` : `${where.hostname}:${where.port}`;
    this.#line(`listening on ${address}`);
  }

  /** Writes an event down; never throws. */
  event(event: PushEvent): void {
    try {
      this.#write(event);
    } catch (error) {
      this.#failure ??= error;
      this.#onFailed();
    }
  }

  #write(event: PushEvent): void {
    if (event.type !== "accept") {
      this.#endedFrames += event.framesAccepted;
      this.#endedBytes += event.bytesAccepted;
    }
    if (this.#json) return this.#line(JSON.stringify(event));
    const line = describe(event, this.#unit);
    this.#line(event.type === "cut" ? coloured("red", line, Deno.stdout) : line);
  }

  /** Shows a status line from now on, if there is a terminal. */
  showStatus(clients: () => ClientCounters[]): void {
    if (!this.#status.live) return;
    let last = { at: this.#started, frames: 0, bytes: 0 };
    this.#timer = setInterval(() => {
      const connected = clients();
      const sum = (pick: (client: ClientCounters) => number): number =>
        connected.reduce((total, client) => total + pick(client), 0);
      const now = {
        at: performance.now(),
        frames: this.#endedFrames + sum((client) => client.framesAccepted),
        bytes: this.#endedBytes + sum((client) => client.bytesAccepted),
      };
      const perSecond = 1000 / (now.at - last.at);
      this.#status.show(
        `${connected.length} connected · ${
          whole((now.frames - last.frames) * perSecond)
        } ${this.#unit}s/s` +
          ` · ${bytes((now.bytes - last.bytes) * perSecond)}/s` +
          ` · ${bytes(sum((client) => client.queueBytes))} queued`,
      );
      last = now;
    }, STATUS_EVERY_MS);
  }

  /** Takes the status line away. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#status[Symbol.dispose]();
  }

  #line(text: string): void {
    this.#status.above(() => console.log(text));
  }
}
