/**
 * Two arms against one real server: a naive client and Spillway, one after the
 * other so that neither takes the other's core, with the same messages and the
 * same handler at the same cost. The server says who was cut.
 */
import { assertEquals, assertLess, assertLessOrEqual, assertNotEquals } from "@std/assert";
import { calibrate, FrameHandler } from "../../cli/demo/handler.ts";
import { type Netns, type NetnsOptions, openNetns } from "../servers/netns.ts";
import { Program } from "./process.ts";
import type { ClientMessage, ClientTask, Ending, PublisherMessage } from "./programs/messages.ts";
import type { Server } from "./servers/server.ts";
import { sockets } from "./sockets.ts";
import { until } from "./until.ts";
import { type WireName, WIRES } from "./wires/mod.ts";

/** What is pushed at both clients. */
export interface Load {
  /** Messages of one burst. */
  messages: number;
  /** CPU time the handler takes for a message, in microseconds. */
  costUs: number;
}

/** One run. */
export interface Scenario {
  wire: WireName;
  load: Load;
  /** Default: small ones. */
  buffers?: NetnsOptions;
  start(netns: Netns): Promise<Server>;
}

/** How it went for one client. */
export interface Outcome {
  /** The server's own words about having cut it. */
  cuts: string[];
  /** Whether the server served it to the end. */
  served: boolean;
  /** Bytes the client's kernel had acknowledged to the server then. */
  ackedBytes: number;
  /** The client's own account. */
  ending: Ending;
  /** From the first message to the silence behind the last burst, or its end, in milliseconds. */
  elapsedMs: number;
}

/** How it went for both. */
export interface Result {
  naive: Outcome;
  spillway: Outcome;
}

const BURSTS = 2;
/** A burst comes so many times faster than its messages can be handled on this machine as it is now. */
const OVERLOAD = 5;
const TRY_OUT_MS = 400;
/** Share of a core a client takes on average: silence follows each burst until it is no more. */
const MEAN_LOAD = 0.55;
/** What was to be shown: by the mean, one core is plenty. */
const MEAN_LOAD_MAX = 0.6;
/** A loaded machine may take several times longer. */
const PATIENCE_MS = 45_000;

/** One client. */
class Arm implements AsyncDisposable {
  /** Its address, as the server knows it. */
  address = "";
  readonly #program: Program<ClientMessage>;
  readonly #netns: Netns;

  constructor(netns: Netns, name: "naive" | "spillway", task: ClientTask) {
    this.#netns = netns;
    this.#program = new Program(netns, name, task);
  }

  /** Connects it, and waits until the server has taken it. */
  async connect(server: Server): Promise<void> {
    await this.#program.told("ready", PATIENCE_MS);
    await this.#program.tell("go");
    this.address = await until("a client connects", PATIENCE_MS, async () => {
      const own = (await sockets(this.#netns)).find(({ state, pids }) =>
        state === "ESTAB" && pids.includes(this.#program.pid)
      );
      return own?.local;
    });
    await until(
      "the server takes a client",
      PATIENCE_MS,
      async () => await server.serves(this.address) || undefined,
    );
    await this.#program.told("progress", PATIENCE_MS, ({ subscribed }) => subscribed);
  }

  /** Whether its connection has ended. */
  get ended(): boolean {
    return this.#program.last("end") !== undefined;
  }

  /** Waits until it has handled so many messages, or has ended; gives its CPU time in milliseconds. */
  async handled(count: number): Promise<number> {
    return await until(`${count} messages`, PATIENCE_MS, () => {
      const done = this.#program.last("end") ?? this.#program.last("progress");
      if (done?.type === "end" || done?.messages === count) return done.cpuMs;
    });
  }

  /** Asks the server about it, then ends it. */
  async judge(server: Server): Promise<Omit<Outcome, "elapsedMs">> {
    const cuts = await server.cuts(this.address);
    const served = await server.serves(this.address);
    const ackedBytes = (await sockets(this.#netns)).find(({ peer }) => peer === this.address)
      ?.ackedBytes ?? 0;
    await this.#program.stop();
    return { cuts, served, ackedBytes, ending: await this.#program.told("end", PATIENCE_MS) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

/** Milliseconds a burst takes: its time to be handled, others on the machine included, by the overload. */
function burstMs(sample: Uint8Array, rounds: number, messages: number): number {
  const handler = new FrameHandler(rounds);
  const started = performance.now();
  while (performance.now() < started + TRY_OUT_MS) handler.handle(sample);
  return (performance.now() - started) / handler.frames * messages / OVERLOAD;
}

/** Publishes bursts, each with silence behind it, until `arm` has handled them all or has ended. */
async function pushBursts(
  publisher: Program<PublisherMessage>,
  arm: Arm,
  count: number,
  overMs: number,
): Promise<number> {
  const started = performance.now();
  for (let end = count; end <= BURSTS * count && !arm.ended; end += count) {
    await publisher.tell({ first: end - count, count, overMs });
    await publisher.told("published", PATIENCE_MS, ({ first }) => first === end - count);
    const cpuMs = await arm.handled(end);
    const restMs = Math.max(0, cpuMs / MEAN_LOAD - (performance.now() - started));
    if (!arm.ended) await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  return performance.now() - started;
}

/** Plays a scenario in a namespace of its own: the naive client first, then Spillway. */
export async function play({ wire, load, buffers, start }: Scenario): Promise<Result> {
  const netns = await openNetns(buffers);
  if (typeof netns === "string") throw new Error(netns);
  await using stack = new AsyncDisposableStack();
  stack.use(netns);
  const server = stack.use(await start(netns));
  const sample = WIRES[wire].sample();
  const rounds = calibrate(sample, load.costUs);
  const task = { wire, port: server.feedPort, rounds };
  const playArm = async (name: "naive" | "spillway"): Promise<Outcome> => {
    await using publisher = new Program<PublisherMessage>(netns, "publisher", {
      wire,
      port: server.publishPort,
    });
    await publisher.told("ready", PATIENCE_MS);
    await using arm = new Arm(netns, name, task);
    await arm.connect(server);
    const overMs = burstMs(sample, rounds, load.messages);
    const elapsedMs = await pushBursts(publisher, arm, load.messages, overMs);
    return { ...await arm.judge(server), elapsedMs };
  };
  return { naive: await playArm("naive"), spillway: await playArm("spillway") };
}

/** Claims what Spillway is for, and prints in whose words. */
export function assertOnlyNaiveIsCut({ load }: Scenario, { naive, spillway }: Result): void {
  console.log(`  naive: ${words(naive)}\n  Spillway: ${words(spillway)}`);
  assertEquals([naive.served, naive.cuts.length], [false, 1]);
  assertNotEquals(naive.ending.how, "closed");
  assertEquals([spillway.served, spillway.cuts], [true, []]);
  const { messages, bytesRead, gap, how, stats, cpuMs } = spillway.ending;
  const published = BURSTS * load.messages;
  assertEquals({ messages, gap, how }, { messages: published, gap: undefined, how: "closed" });
  // Of what was delivered nothing is unread; a ping may have come since the server was asked.
  assertLessOrEqual(spillway.ackedBytes, bytesRead);
  const { frames, frameBytes, framesDelivered, framesDropped } = stats!;
  // All messages came; a ping that came as this side closed is counted as dropped.
  assertEquals([stats!.bytesRead, framesDelivered + framesDropped], [frameBytes, frames]);
  assertLess(cpuMs / spillway.elapsedMs, MEAN_LOAD_MAX);
}

function words({ cuts, ackedBytes, ending, elapsedMs }: Outcome): string {
  const { messages, bytesRead, cpuMs, how } = ending;
  const costUs = (cpuMs / messages * 1000).toFixed();
  const seconds = (elapsedMs / 1000).toFixed(1);
  return [
    cuts.length === 0 ? `not cut, ${ackedBytes} bytes acknowledged` : cuts.join(" · "),
    `read ${bytesRead} bytes`,
    `handled ${messages} messages in ${costUs} µs each within ${seconds} s`,
    how,
  ].join("; ");
}
