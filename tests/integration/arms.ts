/**
 * Two arms against one real server at the same time: a naive client and
 * Spillway, with the same handler at the same cost. The server says who was cut.
 */
import { assert, assertEquals } from "@std/assert";
import { calibrate } from "../../cli/demo/handler.ts";
import { type Netns, openNetns } from "../servers/netns.ts";
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
  /** Milliseconds a burst takes. */
  overMs: number;
  /** CPU time the handler takes for a message, in microseconds. */
  costUs: number;
}

/** One run. */
export interface Scenario {
  wire: WireName;
  load: Load;
  start(netns: Netns): Promise<Server>;
}

/** How it went for one client. */
export interface Outcome {
  /** The server's own words about having cut it. */
  cuts: string[];
  /** Whether the server served it to the end. */
  served: boolean;
  /** The client's own account. */
  ending: Ending;
}

/** How it went for both. */
export interface Result {
  naive: Outcome;
  spillway: Outcome;
}

const BURSTS = 2;
/** Share of a core the handler may take on average: silence follows each burst for that. */
const MEAN_LOAD = 0.55;
/** A loaded machine may take several times longer. */
const PATIENCE_MS = 30_000;

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

  /** Waits until it has handled so many messages. */
  async handled(count: number): Promise<void> {
    await this.#program.told("progress", PATIENCE_MS, ({ messages }) => messages === count);
  }

  /** Asks the server about it, then ends it. */
  async judge(server: Server): Promise<Outcome> {
    const cuts = await server.cuts(this.address);
    const served = await server.serves(this.address);
    await this.#program.stop();
    return { cuts, served, ending: await this.#program.told("end", PATIENCE_MS) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

/** Publishes bursts, each with silence behind it, until `arm` has handled them all. */
async function pushBursts(publisher: Program<PublisherMessage>, arm: Arm, load: Load) {
  const { messages: count, overMs, costUs } = load;
  for (let burst = 0; burst < BURSTS; burst++) {
    const end = (burst + 1) * count;
    const silence = new Promise((resolve) =>
      setTimeout(resolve, count * costUs / 1000 / MEAN_LOAD)
    );
    await publisher.tell({ first: burst * count, count, overMs });
    await publisher.told("published", PATIENCE_MS, (told) => told.end === end);
    await arm.handled(end);
    await silence;
  }
}

/** Plays a scenario in a namespace of its own. */
export async function play({ wire, load, start }: Scenario): Promise<Result> {
  const netns = await openNetns();
  if (typeof netns === "string") throw new Error(netns);
  await using stack = new AsyncDisposableStack();
  stack.use(netns);
  const server = stack.use(await start(netns));
  const rounds = calibrate(WIRES[wire].sample(), load.costUs);
  const publisher = stack.use(
    new Program<PublisherMessage>(netns, "publisher", { wire, port: server.publishPort }),
  );
  await publisher.told("ready", PATIENCE_MS);
  const task: ClientTask = { wire, port: server.feedPort, rounds };
  const naive = stack.use(new Arm(netns, "naive", task));
  const spillway = stack.use(new Arm(netns, "spillway", task));
  for (const arm of [naive, spillway]) await arm.connect(server);
  await pushBursts(publisher, spillway, load);
  return { naive: await naive.judge(server), spillway: await spillway.judge(server) };
}

/** Claims what Spillway is for, and prints in whose words. */
export function assertOnlyNaiveIsCut({ load }: Scenario, { naive, spillway }: Result): void {
  const published = BURSTS * load.messages;
  console.log(`  naive: ${words(naive)}\n  Spillway: ${words(spillway)}`);
  assertEquals([naive.served, naive.cuts.length], [false, 1]);
  assert(naive.ending.messages < published);
  assertEquals([spillway.served, spillway.cuts], [true, []]);
  const { ending } = spillway;
  const { messages, gap, how, stats } = ending;
  assertEquals({ messages, gap, how }, { messages: published, gap: undefined, how: "closed" });
  assert(stats !== undefined);
  assertEquals(stats.bytesRead, stats.frameBytes);
  assertEquals(stats.framesDelivered, stats.frames);
}

function words({ cuts, ending }: Outcome): string {
  const { messages, how, cpuMs, elapsedMs } = ending;
  const load = `${(cpuMs / elapsedMs * 100).toFixed()} % of a core`;
  const said = cuts.length === 0 ? "nothing said" : cuts.join(" · ");
  return `${said}; handled ${messages} messages, then ${how}; ${load}`;
}
