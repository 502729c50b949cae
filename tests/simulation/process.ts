/** One life of a client: from opening its spill to its end, or to the crash. */
import { assert, assertEquals } from "@std/assert";
import {
  type Client,
  type ClientEvent,
  type ClientStats,
  connect,
  DisconnectError,
  HandlerError,
  type HandlerStats,
} from "../../mod.ts";
import type { Overflow, OverflowSource } from "../../src/backlog/backlog.ts";
import { journalBy, spillBy } from "../../src/backlog/spill_to.ts";
import { isDiskError } from "../../src/spill/errors.ts";
import { openSpill } from "../../src/spill/open.ts";
import type { FaultDisk } from "../spill/fault_disk.ts";
import { chance } from "./chance.ts";
import { EventWatch } from "./event_watch.ts";
import { type FeedStream, KEY } from "./feed.ts";
import { handleAll, Thrown } from "./handler.ts";
import type { Oracle } from "./oracle.ts";
import { laneName, type ProcessPlan, type Scenario } from "./scenario.ts";
import { SlowDisk } from "./slow_disk.ts";
import { VirtualSocket } from "./socket.ts";
import { look, Watch } from "./watch.ts";
import type { World } from "./world.ts";

/** A disk that refused when it was opened is tried again. */
const RETRY_MS = 100;

/** See above. */
export class Process {
  readonly #world: World;
  /** One for each handler. */
  readonly #oracles: readonly Oracle[];
  readonly #scenario: Scenario;
  readonly #plan: ProcessPlan;
  readonly #onEvent: (event: ClientEvent) => void;
  /** The same. */
  readonly #disks: readonly FaultDisk[];
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
    oracles: readonly Oracle[],
    scenario: Scenario,
    plan: ProcessPlan,
    disks: readonly FaultDisk[],
  ) {
    this.#world = world;
    this.#oracles = oracles;
    this.#scenario = scenario;
    this.#plan = plan;
    this.#disks = disks;
    this.#connections = [...plan.connections];
    this.#stepsLeft = plan.crash?.steps ?? 0;
    this.#events = new EventWatch(scenario.options);
    this.#watch.onReadBack = () => this.#events.readBack();
    this.#watch.journals = scenario.journals;
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
    this.#run(this.#opening(async (disks) => {
      for (const disk of disks) await (await openSpill(disk)).close();
    }));
  }

  #run(life: Promise<void>): void {
    look(this.#watch);
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
  crash(): FaultDisk[] {
    const { draw } = this.#world;
    const { kind } = this.#plan.crash!;
    this.#world.kill();
    for (const oracle of this.#oracles) {
      const synced = this.#watch.stores.get(oracle)?.syncedSequence ?? 0;
      oracle.crashed(kind === "kill" ? Infinity : synced);
    }
    return this.#disks.map((disk) =>
      kind === "kill" ? disk.orphaned(draw) : disk.restarted(() => chance(draw, 0.5), draw)
    );
  }

  /** The process has ended by itself; gives the disks it leaves. */
  leave(): FaultDisk[] {
    this.#world.kill();
    return this.#disks.map((disk) => disk.orphaned(this.#world.draw));
  }

  /** What must hold at every moment. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#watch.check();
    if (this.#client === undefined) return;
    const stats = this.#client.stats();
    this.#checkSums(stats);
    const given = this.#streams.reduce((sum, { given }) => sum + given, 0);
    assert(stats.bytesRead <= given, `${stats.bytesRead} bytes were read, ${given} were given`);
  }

  #statsOf(client: Client, lane: number): HandlerStats {
    return client.statsByHandler()[this.#scenario.lanes === 1 ? "handler" : laneName(lane)];
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
      for (const oracle of this.#oracles) oracle.neverStarted();
      return;
    }
    const client = this.#client;
    const { closeMs } = this.#plan;
    if (closeMs > 0) this.#world.after(closeMs, () => void client.close());
    try {
      await handleAll(this.#world, this.#oracles, this.#plan.handler, client, this.#wrong);
    } catch (error) {
      checkThrown(error);
    }
    this.#checkEnd(client, await client.closed);
  }

  async #connect(): Promise<Client> {
    const { spill, whenFull, columns = [], ...options } = this.#scenario.options;
    const target = this.#plan.given ? this.#accept() : "server:1";
    const reconnect = this.#plan.given ? undefined : options.reconnect;
    const several = this.#oracles.length > 1;
    const waitBy = this.#scenario.journals ? journalBy : spillBy;
    return await this.#opening((disks) => {
      const lanes = disks.map((disk, i) => ({
        whenFull: whenFull === "spill"
          ? this.#spillOf(i, waitBy((_, options) => openSpill(disk, options), disk.path, spill))
          : whenFull,
      }));
      return connect(target, {
        ...options,
        columns: several ? [...columns, KEY] : columns,
        reconnect,
        onEvent: this.#onEvent,
        ...(several
          ? {
            partition: { key: KEY.name },
            handlers: Object.fromEntries(lanes.map((lane, i) => [laneName(i), lane])),
          }
          : lanes[0]),
      });
    });
  }

  /** A spill onto a disk of its own, whatever the handler is called; its oracle hears of it. */
  #spillOf(lane: number, spill: Overflow): OverflowSource {
    const { directory, open } = spill as OverflowSource;
    return {
      directory,
      open: (_name) => {
        this.#watch.opening = this.#oracles[lane];
        return open(undefined);
      },
    };
  }

  /** What `open` gives, tried until the disk lets it. Bounded: in the end the disk is sound. */
  async #opening<T>(open: (disks: SlowDisk[]) => Promise<T>): Promise<T> {
    const { slowness } = this.#scenario.disk;
    const disks = this.#disks.map((disk) => new SlowDisk(this.#world, disk, slowness));
    while (true) {
      try {
        return await open(disks);
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
    if (event.type === "spill_lost") {
      const lane = this.#oracles.findIndex((_, i) => laneName(i) === event.handler);
      this.#oracles[Math.max(0, lane)].lost();
    }
    if (event.type !== "connected") return;
    const stream = this.#stream!;
    stream.epoch = event.epoch;
    this.#streams.push(stream);
    const { lanes } = this.#scenario;
    for (const [i, oracle] of this.#oracles.entries()) oracle.connected(stream.lane(i, lanes));
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
    const sound = faultShare + readFaultShare === 0 && capacityBytes === Infinity;
    const gaveUp = end.reason === "aborted" || end.reason === "handler";
    if (!gaveUp) this.#checkAll(stats);
    for (const [i, oracle] of this.#oracles.entries()) {
      const own = this.#statsOf(client, i);
      assert(gaveUp || own.framesRecovered >= oracle.foundForSure, "frames that were found");
      oracle.ended(own, sound && !(gaveUp && this.#scenario.journals));
    }
  }

  /** Sums that hold at every moment. */
  #checkSums(stats: ClientStats): void {
    const { frames, framesRecovered, framesDelivered, framesPending } = stats;
    assertEquals(
      framesDelivered + framesPending + stats.framesDropped + stats.framesLostOnDisk,
      frames + framesRecovered,
      "frames",
    );
    assertEquals(
      stats.frameBytes + stats.skippedBytes + stats.paddingBytes + stats.partialBytes +
        stats.partialBytesDropped,
      stats.bytesRead,
      "bytes",
    );
    const delivered = this.#oracles.reduce((sum, { delivered }) => sum + delivered, 0);
    assertEquals(framesDelivered, delivered, "delivered");
    const { framesDroppedOldest, framesDroppedNewest, framesDroppedSpill } = stats;
    assert(framesDroppedOldest + framesDroppedNewest + framesDroppedSpill <= stats.framesDropped);
  }

  /** All that came was delivered, or dropped by a policy. */
  #checkAll(stats: ClientStats): void {
    assertEquals(stats.framesPending, 0, "frames pending at the end");
    const { framesDroppedOldest, framesDroppedNewest, framesDroppedSpill } = stats;
    const byPolicy = framesDroppedOldest + framesDroppedNewest + framesDroppedSpill;
    assertEquals(stats.framesDropped, byPolicy, "frames dropped, and by a policy");
  }
}

function checkThrown(error: unknown): void {
  if (error instanceof DisconnectError) return;
  assert(error instanceof HandlerError || error instanceof Thrown, String(error));
  if (error instanceof HandlerError && !(error.cause instanceof Thrown)) throw error.cause;
}
