/** One life of a client: from opening its spill to its end, or to the crash. */
import { assert, assertEquals } from "@std/assert";
import {
  type Client,
  type ClientEvent,
  type ClientStats,
  connect,
  DisconnectError,
  HandlerError,
} from "../../mod.ts";
import { spillBy } from "../../src/backlog/spill_to.ts";
import { isDiskError } from "../../src/spill/errors.ts";
import { openSpill } from "../../src/spill/open.ts";
import type { FaultDisk } from "../spill/fault_disk.ts";
import { chance } from "./chance.ts";
import { EventWatch } from "./event_watch.ts";
import type { FeedStream } from "./feed.ts";
import { handleAll, Thrown } from "./handler.ts";
import type { Oracle } from "./oracle.ts";
import type { ProcessPlan, Scenario } from "./scenario.ts";
import { SlowDisk } from "./slow_disk.ts";
import { VirtualSocket } from "./socket.ts";
import { look, Watch } from "./watch.ts";
import type { World } from "./world.ts";

/** A disk that refused when it was opened is tried again. */
const RETRY_MS = 100;

/** See above. */
export class Process {
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #scenario: Scenario;
  readonly #plan: ProcessPlan;
  readonly #onEvent: (event: ClientEvent) => void;
  readonly #disk: FaultDisk;
  readonly #events: EventWatch;
  readonly #watch = new Watch();
  readonly #connections: ProcessPlan["connections"];
  #stream: FeedStream | undefined;
  readonly #streams: FeedStream[] = [];
  #client: Client | undefined;
  #ended = false;
  #failure: unknown;
  #stepsLeft: number;
  /** The first thing that was wrong is what is told. */
  readonly #wrong = (error: unknown) => void (this.#failure ??= error);

  constructor(
    world: World,
    oracle: Oracle,
    scenario: Scenario,
    plan: ProcessPlan,
    disk: FaultDisk,
  ) {
    this.#world = world;
    this.#oracle = oracle;
    this.#scenario = scenario;
    this.#plan = plan;
    this.#disk = disk;
    this.#connections = [...plan.connections];
    this.#stepsLeft = plan.crash?.steps ?? 0;
    this.#events = new EventWatch(scenario.options);
    this.#watch.onReadBack = () => this.#events.readBack();
    const onEvent = (event: ClientEvent) => {
      try {
        this.#event(event);
      } catch (error) {
        this.#wrong(error);
      }
    };
    this.#onEvent = onEvent;
  }

  /** Whether it has come to its end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Starts it; it runs as the world's events happen. */
  begin(): void {
    this.#run(this.#live());
  }

  /** Starts one that only looks what is on disk. */
  beginLooking(): void {
    this.#run(this.#opening(async (disk) => await (await openSpill(disk)).close()));
  }

  #run(life: Promise<void>): void {
    look(this.#watch, this.#oracle);
    life.then(() => this.#ended = true, (error) => {
      this.#ended = true;
      this.#wrong(error);
    });
  }

  /** What stands in for `Deno.connect`. */
  async connect(signal: AbortSignal | undefined): Promise<VirtualSocket> {
    const { draw } = this.#world;
    await this.#world.sleep(draw() * 5);
    signal?.throwIfAborted();
    return this.#accept();
  }

  /** Whether the crash is due. */
  get crashes(): boolean {
    const { crash } = this.#plan;
    if (crash === undefined || this.#watch.appends < crash.records) return false;
    return this.#stepsLeft-- <= 0;
  }

  /** The process died, or the power went off. Gives the disk it leaves. */
  crash(): FaultDisk {
    const { draw } = this.#world;
    const { kind } = this.#plan.crash!;
    this.#world.kill();
    this.#oracle.crashed(kind === "kill" ? Infinity : this.#watch.store?.syncedSequence ?? 0);
    if (this.#client !== undefined && this.#gaveUp(this.#client)) this.#oracle.gaveUp();
    return kind === "kill"
      ? this.#disk.orphaned(draw)
      : this.#disk.restarted(() => chance(draw, 0.5), draw);
  }

  /** The process has ended by itself; gives the disk it leaves. */
  leave(): FaultDisk {
    this.#world.kill();
    return this.#disk.orphaned(this.#world.draw);
  }

  /** What must hold at every moment. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#watch.check();
    if (this.#client === undefined) return;
    const stats = this.#client.stats();
    this.#oracle.checkSums(stats);
    const given = this.#streams.reduce((sum, { given }) => sum + given, 0);
    assert(stats.bytesRead <= given, `${stats.bytesRead} bytes were read, ${given} were given`);
  }

  /** Whether it has dropped what waited, as it does at its end. */
  #gaveUp(client: Client): boolean {
    const stats = client.stats();
    const { framesDroppedOldest, framesDroppedNewest, framesDroppedSpill } = stats;
    return stats.framesDropped > framesDroppedOldest + framesDroppedNewest + framesDroppedSpill;
  }

  #accept(): VirtualSocket {
    const plan = this.#connections.shift();
    if (plan === undefined) {
      throw Object.assign(new Deno.errors.ConnectionRefused("as told"), { code: "ECONNREFUSED" });
    }
    const socket = new VirtualSocket(this.#world, plan);
    this.#stream = socket.stream;
    return socket;
  }

  async #live(): Promise<void> {
    try {
      this.#client = await this.#connect();
    } catch (error) {
      assert(error instanceof DisconnectError, String(error));
      this.#world.trace(`no connection: ${error.reason}`);
      return this.#oracle.neverStarted();
    }
    const client = this.#client;
    const { closeMs } = this.#plan;
    if (closeMs > 0) this.#world.after(closeMs, () => void client.close());
    try {
      await handleAll(this.#world, this.#oracle, this.#plan.handler, client, this.#wrong);
    } catch (error) {
      checkThrown(error);
    }
    this.#checkEnd(client, await client.closed);
  }

  async #connect(): Promise<Client> {
    const { spill, whenFull, ...options } = this.#scenario.options;
    const target = this.#plan.given ? this.#accept() : "server:1";
    const reconnect = this.#plan.given ? undefined : options.reconnect;
    return await this.#opening((disk) =>
      connect(target, {
        ...options,
        reconnect,
        whenFull: whenFull === "spill" ? spillBy(() => disk, disk.path, spill) : whenFull,
        onEvent: this.#onEvent,
      })
    );
  }

  /** What `open` gives, tried until the disk lets it. Bounded: in the end the disk is sound. */
  async #opening<T>(open: (disk: SlowDisk) => Promise<T>): Promise<T> {
    const disk = new SlowDisk(this.#world, this.#disk, this.#scenario.disk.slowness);
    while (true) {
      try {
        return await open(disk);
      } catch (error) {
        if (!isDiskError(error)) throw error;
        this.#world.trace(`not opened: ${error.message}`);
        await this.#world.sleep(RETRY_MS);
      }
    }
  }

  #event(event: ClientEvent): void {
    this.#world.trace(event.type === "disconnected" ? event.error.reason : event.type);
    this.#events.told(event, this.#watch.heldBytes);
    if (event.type !== "connected") return;
    const stream = this.#stream!;
    stream.epoch = event.epoch;
    this.#streams.push(stream);
    this.#oracle.connected(stream);
  }

  #checkEnd(client: Client, end: DisconnectError): void {
    const stats = client.stats();
    this.#world.trace(`${end.reason} ${JSON.stringify(stats)}`);
    this.check();
    this.#events.ended();
    this.#watch.checkReleased();
    assertEquals(this.#world.clientTimers, 0, "timers that were left");
    const given = this.#streams.reduce((sum, { given }) => sum + given, 0);
    const whole = this.#streams.reduce((sum, stream) => sum + stream.whole(stream.given), 0);
    assertEquals(stats.bytesRead, given, "bytes given and read");
    assertEquals(stats.frames, whole, "frames given and found");
    const { faultShare, readFaultShare, capacityBytes } = this.#scenario.disk;
    if (end.reason !== "aborted" && end.reason !== "handler") this.#checkAll(stats);
    this.#oracle.ended(stats, faultShare + readFaultShare === 0 && capacityBytes === Infinity);
  }

  /** All that came was delivered, or dropped by a policy. */
  #checkAll(stats: ClientStats): void {
    assertEquals(stats.framesPending, 0, "frames pending at the end");
    const { framesDroppedOldest, framesDroppedNewest, framesDroppedSpill } = stats;
    const byPolicy = framesDroppedOldest + framesDroppedNewest + framesDroppedSpill;
    assertEquals(stats.framesDropped, byPolicy, "frames dropped, and by a policy");
    assert(stats.framesRecovered >= this.#oracle.foundForSure, "frames that were found");
  }
}

function checkThrown(error: unknown): void {
  if (error instanceof DisconnectError) return;
  assert(error instanceof HandlerError || error instanceof Thrown, String(error));
  if (error instanceof HandlerError && !(error.cause instanceof Thrown)) throw error.cause;
}
