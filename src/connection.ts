/**
 * One connection from opening to its verdict.
 *
 * @module
 */

import type { Core } from "./core/core.ts";
import { withResolvers } from "./deferred.ts";
import type { Lanes } from "./dispatch/lanes.ts";
import { CorruptMemoryError, DisconnectError, FramingError, messageOf } from "./errors.ts";
import type { DisconnectReason } from "./reason.ts";
import { Feed, type FeedEnd } from "./feed.ts";
import type { Settings } from "./options.ts";
import { tell } from "./tell.ts";
import { Control, toBytes } from "./reader/control.ts";
import type { Filler } from "./reader/filler.ts";
import { Reader } from "./reader/reader.ts";
import { TapError, TapGate } from "./reader/tap.ts";
import { Writer } from "./reader/writer.ts";
import { HandshakeEofError, HandshakeSession } from "./session.ts";
import type { SlabPool } from "./slab.ts";
import { HoldMeter } from "./hold_meter.ts";
import type { ClientStats } from "./status.ts";
import { classify, ConnectTimeout, ended, type Failure, nameOf } from "./transport/failure.ts";
import { closeQuietly, Exhausted, open } from "./transport/open.ts";
import { type Endpoint, endpointName } from "./transport/target.ts";
import type { Transport } from "./transport/transport.ts";
import { report } from "./verdict.ts";

/** What all connections of a client share. */
export interface Engine {
  settings: Settings;
  endpoint: Endpoint;
  core: Core;
  filler: Filler;
  pool: SlabPool;
  lanes: Lanes;
  stats: ClientStats;
  /** Aborted when the client is to close. */
  signal: AbortSignal;
}

/** An open connection, its handshake done. */
export class Connection {
  readonly #engine: Engine;
  readonly #epoch: number;
  readonly #transport: Transport;
  readonly #writer: Writer;
  readonly #meter: HoldMeter;
  readonly #feed: Feed;
  readonly #reader: Reader;
  readonly #control: Control;
  readonly #connectedAt = performance.now();

  private constructor(engine: Engine, epoch: number, opened: Opened) {
    const { transport, shortIsEmpty, surplus } = opened;
    const { settings, core, filler, lanes, stats } = engine;
    this.#engine = engine;
    this.#epoch = epoch;
    this.#transport = transport;
    this.#writer = new Writer(
      transport,
      settings.writeQueueBytes,
      stats,
      (cause) => this.#refused(cause),
    );
    this.#meter = new HoldMeter();
    this.#control = new Control(core, this.#writer, settings.respond, settings.heartbeat);
    this.#feed = new Feed({
      lanes,
      control: this.#control,
      stats,
      meter: this.#meter,
      chunkBytes: core.chunkBytes,
      settings,
      tell: (event) => tell(settings, event),
    });
    const settled = () => this.#feed.ring();
    const gate = settings.tap === undefined ? undefined : new TapGate(settings.tap, epoch, settled);
    this.#reader = new Reader(transport, shortIsEmpty, filler, surplus, stats, settled, gate);
    lanes.meter = this.#meter;
  }

  /** Connects and shakes hands within the connect timeout. Rejects with a `DisconnectError`. */
  static async open(engine: Engine, epoch: number): Promise<Connection> {
    const { settings, endpoint } = engine;
    const name = endpointName(endpoint);
    // Not setTimeout(): for its first call Deno loads Node's timers, which takes 6 to 9 ms.
    const limit = AbortSignal.timeout(settings.connectTimeoutMs);
    const attempt = following([engine.signal, limit]);
    const { signal } = attempt;
    let transport: Transport | undefined;
    let session: HandshakeSession | undefined;
    try {
      transport = await open(endpoint, signal);
      session = await shakeHands(engine, transport, signal);
      signal.throwIfAborted();
      engine.filler.begin(epoch);
      engine.stats.epoch = epoch;
      const surplus = session.end();
      return new Connection(engine, epoch, {
        transport: session.transport,
        shortIsEmpty: isKernelStream(endpoint) && session.transport === transport,
        surplus,
      });
    } catch (error) {
      // The one it was upgraded to, if the handshake got so far.
      closeQuietly(session?.transport ?? transport);
      const late = limit.aborted && signal.reason === limit.reason;
      const cause = late
        ? new ConnectTimeout(
          `${name}: ${
            transport === undefined ? "no connection" : "no handshake"
          } within ${settings.connectTimeoutMs} ms`,
        )
        : signal.aborted
        ? signal.reason
        : error;
      throw openingFailed(engine, epoch, cause, transport !== undefined);
    } finally {
      attempt.end();
    }
  }

  /**
   * Feeds until the connection ends; everything received is delivered first, but
   * for what lanes can keep if another connection may follow. Never rejects.
   */
  async run(mayFollow: boolean): Promise<DisconnectError> {
    const stop = () => {
      this.#feed.stop("aborted");
      closeQuietly(this.#transport);
    };
    const { signal, lanes } = this.#engine;
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const end = this.#told(await this.#feed.run(this.#reader, mayFollow));
    signal.removeEventListener("abort", stop);
    closeQuietly(this.#transport);
    const error = this.#disconnect(
      failureOf(end, this.#engine.endpoint, lanes),
      this.#feed.endedAt,
    );
    this.#writer.fail(error);
    this.#control.stop();
    return error;
  }

  /** A reset is told once, to the first of read and write: then the other sees a plain end. */
  #told(end: FeedEnd): FeedEnd {
    const { cause } = this.#writer;
    const masked = end.kind === "eof" && nameOf(cause) === "ConnectionReset";
    return masked ? { kind: "failed", error: cause } : end;
  }

  /** Goes on delivering after the end; see {@linkcode Feed.deliver}. */
  deliver(over: () => boolean, toTheEnd: boolean): Promise<void> {
    return this.#feed.deliver(over, toTheEnd);
  }

  /** The error of a client that was given up, or whose handler threw, when this connection had ended already. */
  endedBy(kind: "aborted" | "handler"): DisconnectError {
    const { endpoint, lanes } = this.#engine;
    return this.#disconnect(failureOf({ kind }, endpoint, lanes), this.#feed.endedAt);
  }

  /** Rings the duty cycle: a handler was attached. */
  ring(): void {
    this.#feed.ring();
  }

  /** Queues bytes. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  /** The error for who writes when the connection takes no more; its end may have to wait for them. */
  #refused(cause: unknown): DisconnectError {
    const { endpoint, lanes } = this.#engine;
    const end = this.#feed.stopped() ?? { kind: "failed", error: cause };
    const { endedAt } = this.#feed;
    return this.#disconnect(
      failureOf(end, endpoint, lanes),
      endedAt > 0 ? endedAt : performance.now(),
    );
  }

  #disconnect(failure: Failure, endedAt: number): DisconnectError {
    const { filler } = this.#engine;
    let { reason, what } = failure;
    if (reason === "eof" && filler.partialBytes > 0) {
      ({ reason, what } = ended("eof_in_frame", endpointName(this.#engine.endpoint)));
      what += ` of which ${filler.partialBytes} bytes came`;
    }
    return new DisconnectError(
      what,
      reason,
      report({
        reason,
        epoch: this.#epoch,
        bytes: filler.bytes,
        frames: filler.frames,
        connectedAt: this.#connectedAt,
        endedAt,
        meter: this.#meter,
      }),
      { code: failure.code, cause: failure.cause },
    );
  }
}

/** What a connection begins with. */
interface Opened {
  transport: Transport;
  /** See {@linkcode Reader}. */
  shortIsEmpty: boolean;
  /** What the handshake received and did not read. */
  surplus: Uint8Array;
}

/** Whether reads go straight to the kernel; of an open connection nobody knows. */
function isKernelStream(endpoint: Endpoint): boolean {
  return endpoint.kind === "tcp" || endpoint.kind === "unix";
}

/**
 * A signal that is aborted with the first of `signals`, until `end()`. That of
 * `AbortSignal.any()` would be for good, and the connect timeout would then cut off
 * what a dialer has opened with it, such as the body of a `fetch()`.
 */
function following(signals: readonly AbortSignal[]): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort(signals.find(({ aborted }) => aborted)?.reason);
  for (const signal of signals) signal.addEventListener("abort", abort);
  if (signals.some(({ aborted }) => aborted)) abort();
  const end = () => signals.forEach((signal) => signal.removeEventListener("abort", abort));
  return { signal: controller.signal, end };
}

async function shakeHands(
  engine: Engine,
  transport: Transport,
  signal: AbortSignal,
): Promise<HandshakeSession> {
  const { settings, endpoint } = engine;
  const hostname = endpoint.kind === "tcp" ? endpoint.hostname : undefined;
  const session = new HandshakeSession(transport, hostname, signal);
  if (settings.hello === undefined && settings.handshake === undefined) return session;
  const { promise: aborted, reject } = withResolvers<never>();
  // A handshake stuck in a read ends when its connection does, one stuck elsewhere is left behind.
  const abort = () => {
    closeQuietly(session.transport);
    reject(signal.reason);
  };
  signal.throwIfAborted();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([aborted, greet(settings, session)]);
    return session;
  } catch (error) {
    closeQuietly(session.transport);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function greet(settings: Settings, session: HandshakeSession): Promise<void> {
  if (settings.hello !== undefined) await session.write(toBytes(settings.hello));
  await settings.handshake?.(session);
  await session.close();
}

/** What a connection itself can end with during a handshake; all else was thrown by the handshake. */
const CUT: ReadonlySet<DisconnectReason> = new Set([
  "broken_pipe",
  "connect_timeout",
  "not_connected",
  "os_timeout",
  "reset",
]);

function openingFailed(
  engine: Engine,
  epoch: number,
  cause: unknown,
  opened: boolean,
): DisconnectError {
  const name = endpointName(engine.endpoint);
  const failure = classify(cause, name, engine.endpoint.kind === "tls");
  let { reason, what } = failure;
  const closed = cause instanceof HandshakeEofError || (opened && reason === "eof");
  if (engine.signal.aborted) {
    reason = "aborted";
    what = `${name}: given up`;
  } else if (cause instanceof Exhausted) {
    reason = "exhausted";
    what = `${name}: ${cause.message}`;
  } else if (closed) {
    // Not "eof": with that a feed is over, and nothing amiss.
    reason = "handshake";
    what = `${name}: the server closed the connection within the handshake: ${messageOf(cause)}`;
  } else if (opened && !CUT.has(reason) && nameOf(cause) !== "InvalidData") {
    reason = "handshake";
    what = `${name}: the handshake failed: ${messageOf(cause)}`;
  } else if (reason === "eof" && !opened) {
    // The only thing read before a connection stands is TLS.
    reason = "tls";
  }
  return new DisconnectError(
    what,
    reason,
    report({
      reason,
      epoch,
      bytes: 0,
      frames: 0,
      connectedAt: undefined,
      endedAt: performance.now(),
      meter: new HoldMeter(),
      unix: engine.endpoint.kind === "unix",
      opened,
      closed,
    }),
    { code: failure.code, cause },
  );
}

function failureOf(end: FeedEnd, endpoint: Endpoint, lanes: Lanes): Failure {
  const name = endpointName(endpoint);
  switch (end.kind) {
    case "eof":
      return ended("eof", name);
    case "failed":
      if (end.error instanceof FramingError) {
        return { reason: "invalid_frame", what: `${name}: ${end.error.message}`, cause: end.error };
      }
      if (end.error instanceof TapError) {
        return { reason: "tap", what: `${name}: ${end.error.message}`, cause: end.error };
      }
      if (end.error instanceof CorruptMemoryError) {
        return {
          reason: "corrupt_memory",
          what: `${name}: ${end.error.message}`,
          cause: end.error,
        };
      }
      return classify(end.error, name, endpoint.kind === "tls");
    case "handler":
      return {
        reason: "handler",
        what: `${name}: ${lanes.error?.message}`,
        cause: lanes.error,
      };
    default:
      return { reason: end.kind, what: `${name}: ${STOPPED[end.kind]}`, cause: undefined };
  }
}

const STOPPED: Record<Extract<DisconnectReason, "aborted" | "idle_timeout">, string> = {
  aborted: "closed",
  idle_timeout: "no byte came for longer than idleTimeoutMs",
};
