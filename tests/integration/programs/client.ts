/** What both clients share: the start, the stop, and the very same handler. */
import { cpuUsage } from "node:process";
import { FrameHandler, warmUp } from "../../../cli/demo/handler.ts";
import type { Wire } from "../wires/wire.ts";
import { WIRES } from "../wires/mod.ts";
import { type ClientTask, type Ending, limitLifetime, tell, TELL_EVERY_MS } from "./messages.ts";

/** A client's task with all it needs. */
export interface Prepared {
  wire: Wire;
  port: number;
  handler: FeedHandler;
  /** Resolves when this client is to leave. */
  stopped: Promise<unknown>;
}

/** Gets the handler compiled, then waits for the word to connect. */
export async function prepare(): Promise<Prepared> {
  limitLifetime();
  const { wire: name, port, rounds }: ClientTask = JSON.parse(Deno.args[0]);
  const wire = WIRES[name];
  warmUp(wire.sample());
  tell({ type: "ready" });
  await Deno.stdin.read(new Uint8Array(16));
  const stopped = new Response(Deno.stdin.readable).bytes();
  return { wire, port, handler: new FeedHandler(wire, rounds), stopped };
}

/** Works on each message, and checks that they come whole and in order. */
export class FeedHandler implements Disposable {
  #messages = 0;
  #gap: Ending["gap"];
  #subscribed: boolean;
  #toldAt = 0;
  #cpuAtFirst: ReturnType<typeof cpuUsage> | undefined;
  readonly #wire: Wire;
  readonly #work: FrameHandler;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(wire: Wire, rounds: number) {
    this.#wire = wire;
    this.#work = new FrameHandler(rounds);
    this.#subscribed = wire.welcome === undefined;
    this.#timer = setInterval(() => this.#tell(performance.now()), TELL_EVERY_MS);
  }

  /** Handles one frame. */
  handle(frame: Uint8Array): void {
    const message = this.#wire.messageIn(frame);
    if (message === undefined) {
      this.#subscribed ||= new TextDecoder().decode(frame) === this.#wire.welcome;
      return;
    }
    if (message !== this.#messages) this.#gap ??= { expected: this.#messages, got: message };
    this.#cpuAtFirst ??= cpuUsage();
    this.#work.handle(frame);
    this.#messages += 1;
    const now = performance.now();
    if (now - this.#toldAt >= TELL_EVERY_MS) this.#tell(now);
  }

  /** What to say at the end. */
  ending(how: string, bytesRead: number): Ending {
    return { type: "end", ...this.#done(), gap: this.#gap, bytesRead, how };
  }

  #done(): Pick<Ending, "messages" | "cpuMs"> {
    if (this.#cpuAtFirst === undefined) return { messages: 0, cpuMs: 0 };
    const { user, system } = cpuUsage(this.#cpuAtFirst);
    return { messages: this.#messages, cpuMs: (user + system) / 1000 };
  }

  #tell(now: number): void {
    this.#toldAt = now;
    tell({ type: "progress", subscribed: this.#subscribed, ...this.#done() });
  }

  /** Tells no more. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
