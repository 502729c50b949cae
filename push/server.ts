/**
 * A server that pushes frames to whoever connects, and throws out who does not
 * read.
 *
 * @module
 */

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { PushConnection, type PushPlan } from "./connection.ts";
import type { ClientCounters, PushEvent } from "./events.ts";
import type { Feed } from "./feed.ts";
import { assertPace, type Pace } from "./pace.ts";
import type { CutPolicy, Ping } from "./policy.ts";

/** What one client gets. */
export interface PushSource {
  /** The frames. */
  feed: Feed;
  /** How fast they are produced. */
  pace: Pace;
}

/** Options of {@linkcode startPushServer}. */
export interface PushServerOptions extends CutPolicy {
  /** What is pushed; each client gets it from the first frame on. Or what client 1, 2, … gets, and how fast. */
  feed: Feed | ((client: number) => PushSource);
  /** Port to listen on. Default 0, a free one. */
  port?: number;
  /** Address to listen on. Default `"127.0.0.1"`. */
  hostname?: string;
  /** Path of a unix socket to listen on instead. */
  path?: string;
  /** How fast frames are produced. Default flat out: as fast as each client takes them. */
  pace?: Pace;
  /** Frames for each client. Default as many as the feed has. */
  frames?: number;
  /** Time for which frames are produced for each client, in ms; a frame due at its very end is the last. Default without end. */
  durationMs?: number;
  /** A question each client must answer. */
  ping?: Ping;
  /** Close after so many clients. Default never. */
  clients?: number;
  /** Closes the server. */
  signal?: AbortSignal;
  /** Called for everything that happens to a client. */
  onEvent?: (event: PushEvent) => void;
}

/** A running push server. */
export interface PushServer extends AsyncDisposable {
  /** The port listened on; 0 on a unix socket. */
  readonly port: number;
  /** Resolves when the server has stopped listening and its last client is gone. */
  readonly closed: Promise<void>;
  /** Counters of the clients connected now. */
  clients(): ClientCounters[];
  /** Stops listening and closes all connections as they stand. */
  close(): Promise<void>;
}

/** What each client gets, from the options, checked. */
function plannerOf(options: PushServerOptions): (client: number) => PushPlan {
  const { feed, pace = { type: "flat_out" } } = options;
  if (typeof feed === "function") return (client) => planOf(options, feed(client));
  const plan = planOf(options, { feed, pace });
  return () => plan;
}

function planOf(options: PushServerOptions, { feed, pace }: PushSource): PushPlan {
  const { path, maxQueueBytes, noProgressMs, ping } = options;
  assertPace(pace);
  if (maxQueueBytes !== undefined && pace.type === "flat_out") {
    throw new RangeError(
      "maxQueueBytes needs a pace: flat out, nothing is produced before the client takes it",
    );
  }
  if (path !== undefined && options.cut === "rst") {
    throw new RangeError('A unix socket cannot be reset, cut must be "fin"');
  }
  return {
    feed,
    pace,
    frames: Math.min(feed.frames, options.frames ?? Infinity),
    durationMs: options.durationMs ?? Infinity,
    policy: {
      maxQueueBytes,
      noProgressMs,
      cut: options.cut ?? (path === undefined ? "rst" : "fin"),
    },
    ping,
  };
}

/** Resolves when `listener` listens, rejects when it cannot. */
function listening(listener: Server, options: PushServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.once("listening", () => resolve());
    if (options.path !== undefined) listener.listen({ path: options.path });
    else listener.listen({ port: options.port ?? 0, host: options.hostname ?? "127.0.0.1" });
  });
}

/**
 * Starts a push server.
 *
 * @example
 * ```ts
 * import { generatedFeed } from "./generate.ts";
 * import { startPushServer } from "./server.ts";
 *
 * await using server = await startPushServer({
 *   feed: generatedFeed({ type: "length_field" }, { size: 64 }),
 *   pace: { type: "rate", rate: 10_000 },
 *   maxQueueBytes: 1024 * 1024,
 *   onEvent: (event) => console.log(JSON.stringify(event)),
 * });
 * await server.closed;
 * ```
 */
export async function startPushServer(options: PushServerOptions): Promise<PushServer> {
  const planFor = plannerOf(options);
  const emit = options.onEvent ?? (() => {});
  const connections = new Set<PushConnection>();
  const closed = Promise.withResolvers<void>();
  let accepted = 0;

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
    const id = ++accepted;
    if (id === options.clients) listener.close();
    emit({ type: "accept", client: id, peer: peerOf(socket) });
    const connection = new PushConnection(socket, planFor(id), id, emit);
    connections.add(connection);
    socket.once("close", () => {
      connections.delete(connection);
      settle();
    });
  });
  function settle(): void {
    if (!listener.listening && connections.size === 0) closed.resolve();
  }
  function close(): Promise<void> {
    options.signal?.removeEventListener("abort", close);
    listener.close();
    for (const connection of connections) connection.stop();
    settle();
    return closed.promise;
  }

  options.signal?.throwIfAborted();
  await listening(listener, options);
  options.signal?.addEventListener("abort", close);
  const address = listener.address();
  return {
    port: typeof address === "object" ? (address as AddressInfo).port : 0,
    closed: closed.promise,
    clients: () => [...connections].map((connection) => connection.counters()),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function peerOf(socket: Socket): string {
  return socket.remoteAddress === undefined ? "" : `${socket.remoteAddress}:${socket.remotePort}`;
}
