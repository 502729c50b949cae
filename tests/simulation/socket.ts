/** A virtual server and its sockets. */
import { between } from "../spill/random.ts";
import { chance, magnitude, pick } from "./chance.ts";
import { FeedStream, type StreamPlan } from "./feed.ts";
import type { World } from "./world.ts";

/** How the server ends a connection once all is sent: by its end, a reset, or not at all. */
export type ServerEnd = "eof" | "reset" | "never";

/** More than the four microtasks in which a read counts as ready. */
const MICROTASKS_MAX = 8;

/** What the server does on one connection. */
export interface ServerPlan {
  stream: StreamPlan;
  end: ServerEnd;
  /** Bytes that become readable at a time, and how long it takes until more do. */
  burstBytes: number;
  gapMs: number;
  /** Most bytes a read brings; 0 for as many as there are. */
  readBytesMax: number;
}

/** The client's side of one connection. */
export class VirtualSocket {
  readonly #world: World;
  readonly #plan: ServerPlan;
  /** What the server sends. */
  readonly stream: FeedStream;
  /** Bytes the server has sent. */
  #sent = 0;
  #ended: "eof" | "reset" | undefined;
  #closed = false;
  #waiting: { into: Uint8Array; settle: PromiseWithResolvers<number | null> } | undefined;

  constructor(world: World, plan: ServerPlan) {
    this.#world = world;
    this.#plan = plan;
    this.stream = new FeedStream(plan.stream);
    this.#send();
  }

  setNoDelay(): void {}

  read(into: Uint8Array): Promise<number | null> {
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource("closed"));
    const settle = Promise.withResolvers<number | null>();
    this.#waiting = { into, settle };
    if (this.#readable) this.#soon();
    return settle.promise;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const { draw } = this.#world;
    if (chance(draw, 0.5)) await this.#world.sleep(draw());
    if (this.#closed) throw new Deno.errors.BadResource("closed");
    if (this.#ended === "reset") throw reset();
    return chance(draw, 0.3) ? Math.ceil(bytes.length / 2) : bytes.length;
  }

  close(): void {
    if (this.#closed) throw new Deno.errors.BadResource("closed twice");
    this.#closed = true;
    this.#waiting?.settle.reject(new Deno.errors.Interrupted("closed"));
    this.#waiting = undefined;
  }

  get #readable(): boolean {
    return this.#ended !== undefined || this.#sent > this.stream.given;
  }

  /** A read that finds something: within microtasks, or after a look at the socket. */
  async #soon(): Promise<void> {
    const { draw } = this.#world;
    if (chance(draw, 0.1)) await this.#world.sleep(draw() * 0.2);
    else for (let i = between(draw, 0, MICROTASKS_MAX); i > 0; i--) await undefined;
    this.#give();
  }

  #give(): void {
    const { stream } = this;
    const { readBytesMax } = this.#plan;
    if (this.#waiting === undefined || !this.#readable) return;
    const { into, settle } = this.#waiting;
    this.#waiting = undefined;
    const left = this.#sent - stream.given;
    if (left === 0 && this.#ended === "eof") return settle.resolve(null);
    // A reset may take with it what was not read.
    if (this.#ended === "reset" && (left === 0 || chance(this.#world.draw, 0.5))) {
      return settle.reject(reset());
    }
    const most = readBytesMax > 0 ? between(this.#world.draw, 1, readBytesMax) : Infinity;
    const count = Math.min(left, into.length, most);
    into.set(stream.bytes.subarray(stream.given, stream.given + count));
    stream.given += count;
    settle.resolve(count);
  }

  /** The server's side: bursts, then its end. */
  #send(): void {
    const { stream } = this;
    const { end, burstBytes, gapMs } = this.#plan;
    const { draw } = this.#world;
    if (this.#closed) return;
    if (this.#sent === stream.bytes.length) {
      if (end === "never") return;
      this.#ended = end;
    } else {
      const burst = pick(draw, burstBytes, between(draw, 1, burstBytes));
      this.#sent = Math.min(stream.bytes.length, this.#sent + burst);
      const stalls = chance(draw, 0.02);
      this.#world.after(stalls ? magnitude(draw, 1, 2000) : draw() * gapMs, () => this.#send());
    }
    this.#give();
  }
}

function reset(): Error {
  return Object.assign(new Deno.errors.ConnectionReset("as told"), { code: "ECONNRESET" });
}
