/**
 * One client of a push server: produces its frames, hands them to the kernel,
 * and judges it.
 *
 * @module
 */

import type { Socket } from "node:net";
import { TIMER_MS_MAX } from "../src/errors.ts";
import { concat, indexOf } from "./encode.ts";
import type { ClientCounters, PushEnding, PushEvent } from "./events.ts";
import type { Feed } from "./feed.ts";
import { dueAt, framesDue, type Pace } from "./pace.ts";
import {
  type ClientState,
  type CutPolicy,
  type CutReason,
  judge,
  judgeAt,
  type Ping,
} from "./policy.ts";

/** What is pushed to a client and what it must put up with. */
export interface PushPlan {
  /** The frames; each client gets them from the first on. */
  feed: Feed;
  /** How fast they are produced. */
  pace: Pace;
  /** Frames for each client; never more than the feed has. */
  frames: number;
  /** After how many ms nothing more is produced for a client. */
  durationMs: number;
  /** When a client is cut, and how. */
  policy: CutPolicy & { cut: "rst" | "fin" };
  /** The question asked at intervals. */
  ping?: Ping;
}

/** With limits to watch, the kernel is given little at a time, so that its progress shows. */
const WATCHED_PIECE_BYTES = 64 * 1024;
const PIECE_BYTES = 1024 * 1024;
/** Pieces handed over and not yet taken: one more than needed, so that the kernel never waits. */
const MAX_PIECES = 2;
/** How long a client that got everything may take to read it and close. */
const LINGER_MS = 5_000;

/** One client, from accept to close. */
export class PushConnection {
  readonly #socket: Socket;
  readonly #plan: PushPlan;
  readonly #emit: (event: PushEvent) => void;
  readonly #id: number;
  readonly #startedAt: number = performance.now();
  readonly #pieceBytes: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  /** Frames produced, handed to the socket, and taken by the kernel. */
  #due = 0;
  #handed = 0;
  #accepted = 0;
  #pieces = 0;
  #progressAt: number = this.#startedAt;
  #maxQueueBytesSeen = 0;
  #longestStallMs = 0;

  #nextPingAt = Infinity;
  #answerUntil = Infinity;
  #heard: Uint8Array = new Uint8Array();
  #bytesReceived = 0;
  #pings = 0;
  #pongs = 0;

  /** Starts pushing to `socket`. */
  constructor(
    socket: Socket,
    plan: PushPlan,
    id: number,
    emit: (event: PushEvent) => void,
  ) {
    this.#socket = socket;
    this.#plan = plan;
    this.#id = id;
    this.#emit = emit;
    const { maxQueueBytes, noProgressMs } = plan.policy;
    const watched = maxQueueBytes !== undefined || noProgressMs !== undefined;
    this.#pieceBytes = watched ? WATCHED_PIECE_BYTES : PIECE_BYTES;
    if (plan.ping !== undefined) this.#nextPingAt = this.#startedAt + plan.ping.everyMs;
    socket.on("data", (bytes: Uint8Array) => this.#hear(bytes));
    socket.on("error", (error: Error & { code?: string }) => {
      this.#end({ type: "client_error", code: error.code ?? error.name });
    });
    socket.on("close", () => this.#end({ type: "stop" }));
    this.#step();
  }

  /** The counters as they stand. */
  counters(): ClientCounters {
    return {
      client: this.#id,
      elapsedMs: performance.now() - this.#startedAt,
      framesDue: this.#due,
      framesAccepted: this.#accepted,
      bytesAccepted: this.#plan.feed.bytesBefore(this.#accepted),
      queueBytes: this.#queueBytes(),
      maxQueueBytesSeen: this.#maxQueueBytesSeen,
      longestStallMs: this.#longestStallMs,
      bytesReceived: this.#bytesReceived,
      pings: this.#pings,
      pongs: this.#pongs,
    };
  }

  /** Closes the connection as it stands. */
  stop(): void {
    this.#end({ type: "stop" });
    this.#socket.destroy();
  }

  #queueBytes(): number {
    const { feed } = this.#plan;
    return feed.bytesBefore(this.#due) - feed.bytesBefore(this.#accepted);
  }

  #state(): ClientState {
    return {
      queueBytes: this.#queueBytes(),
      progressAt: this.#progressAt,
      answerUntil: this.#answerUntil,
    };
  }

  /** Does all there is to do now and sets the timer for what comes next. */
  #step(): void {
    if (this.#over) return;
    const now = performance.now();
    this.#produce(now);
    this.#notice(now);
    this.#ask(now);
    const reason = judge(this.#plan.policy, this.#state(), now);
    if (reason !== undefined) return this.#cut(reason);
    this.#hand(now);
    if (this.#sourceEnded(now) && this.#accepted === this.#due) return this.#finish();
    this.#schedule(now);
  }

  #sourceEnded(now: number): boolean {
    return this.#due >= this.#plan.frames || now - this.#startedAt >= this.#plan.durationMs;
  }

  /** Appends the frames that have become due. Flat out, frames are due when handed over. */
  #produce(now: number): void {
    const { pace, frames, durationMs } = this.#plan;
    if (pace.type === "flat_out") return;
    if (this.#accepted === this.#due) this.#progressAt = now;
    const elapsedMs = Math.min(now - this.#startedAt, durationMs);
    this.#due = Math.min(frames, framesDue(pace, elapsedMs));
  }

  /** Keeps the high-water marks. */
  #notice(now: number): void {
    const queueBytes = this.#queueBytes();
    this.#maxQueueBytesSeen = Math.max(this.#maxQueueBytesSeen, queueBytes);
    if (queueBytes > 0) {
      this.#longestStallMs = Math.max(this.#longestStallMs, now - this.#progressAt);
    }
  }

  /** Asks when it is time, unless an answer is still awaited. All writes are whole frames, so this one falls between two. */
  #ask(now: number): void {
    const { ping } = this.#plan;
    if (ping === undefined || now < this.#nextPingAt) return;
    this.#nextPingAt = now + ping.everyMs;
    if (this.#answerUntil !== Infinity) return;
    this.#answerUntil = now + ping.withinMs;
    this.#pings++;
    this.#socket.write(ping.send);
  }

  /** Hands frames to the socket while it has room. */
  #hand(now: number): void {
    const { feed, pace, frames } = this.#plan;
    const flatOut = pace.type === "flat_out";
    const until = flatOut && !this.#sourceEnded(now) ? frames : this.#due;
    while (this.#handed < until && this.#pieces < MAX_PIECES) {
      if (flatOut && this.#accepted === this.#due) this.#progressAt = now;
      const piece = feed.piece(this.#handed, until - this.#handed, this.#pieceBytes);
      this.#handed += piece.frames;
      if (flatOut) this.#due = this.#handed;
      this.#pieces++;
      this.#socket.write(piece.bytes, (error) => {
        if (error) return;
        this.#notice(performance.now());
        this.#pieces--;
        this.#accepted += piece.frames;
        this.#progressAt = performance.now();
        this.#step();
      });
    }
  }

  #schedule(now: number): void {
    const { pace, policy } = this.#plan;
    let at = Math.min(judgeAt(policy, this.#state()), this.#nextPingAt);
    if (!this.#sourceEnded(now)) {
      at = Math.min(at, this.#startedAt + this.#plan.durationMs);
      if (pace.type !== "flat_out") {
        at = Math.min(at, this.#startedAt + dueAt(pace, this.#due));
      }
    }
    clearTimeout(this.#timer);
    if (at === Infinity) return;
    const waitMs = Math.min(TIMER_MS_MAX, Math.max(1, Math.ceil(at - now)));
    this.#timer = setTimeout(() => this.#step(), waitMs);
  }

  /** Looks for the answer, which may come in several chunks. */
  #hear(bytes: Uint8Array): void {
    this.#bytesReceived += bytes.length;
    const { ping } = this.#plan;
    if (ping === undefined || this.#answerUntil === Infinity) return;
    const heard = concat(this.#heard, bytes);
    if (indexOf(heard, ping.answer) >= 0) {
      this.#pongs++;
      this.#answerUntil = Infinity;
      this.#heard = new Uint8Array();
    } else {
      this.#heard = heard.subarray(Math.max(0, heard.length - ping.answer.length + 1));
    }
  }

  #cut(reason: CutReason): void {
    const { cut } = this.#plan.policy;
    this.#end({ type: "cut", reason, how: cut });
    if (cut === "rst") this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** Ends in order and gives the client time to read the rest. */
  #finish(): void {
    this.#end({ type: "finish" });
    this.#socket.end();
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once("close", () => clearTimeout(linger));
  }

  /** Reports how it ended, once, and stops. */
  #end(how: PushEnding): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#emit({ ...how, ...this.counters() });
  }
}
