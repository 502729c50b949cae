/** nats-server: cuts clients that have too much waiting, take too long to take it, or answer no ping. */
import type { Netns } from "../../servers/netns.ts";
import type { Daemon } from "../process.ts";
import { until } from "../until.ts";
import { type Server, startDaemon } from "./server.ts";

const ROUTE = /Route connection created/;

/** Its limits, in its own words. */
export interface NatsLimits {
  /** Bytes that may wait for a client. */
  max_pending: number;
  /** Time a write may take, such as `2s`. */
  write_deadline: string;
  /** Time between two pings, such as `500ms`. */
  ping_interval: string;
  /** Pings that may be without an answer. */
  ping_max: number;
}

const ROUTE_MS = 15_000;

/** The configuration of node `node`, 0 or 1; it may be JSON as well. */
function config(node: number, limits: NatsLimits): string {
  const routes = Array.from({ length: node }, (_, other) => `nats://127.0.0.1:${routePort(other)}`);
  return JSON.stringify({
    host: "127.0.0.1",
    port: clientPort(node),
    cluster: { name: "feed", host: "127.0.0.1", port: routePort(node), routes },
    max_payload: 65_536,
    // Says why connections end.
    debug: true,
    ...limits,
  });
}

const clientPort = (node: number): number => 4222 + node;
const routePort = (node: number): number => 6222 + node;

/** Starts one node. */
async function startNode(netns: Netns, node: number, limits: NatsLimits): Promise<Daemon> {
  const file = await Deno.makeTempFile({ suffix: ".conf" });
  await Deno.writeTextFile(file, config(node, limits));
  try {
    const ports = [clientPort(node), routePort(node)];
    return await startDaemon(netns, ports, "nats-server", ["--config", file]);
  } finally {
    await Deno.remove(file);
  }
}

/** Starts one, or a cluster of two, whose second node is for publishers. */
export async function startNats(
  netns: Netns,
  limits: NatsLimits,
  nodes: 1 | 2 = 1,
): Promise<Server> {
  await using starting = new AsyncDisposableStack();
  const daemon = starting.use(await startNode(netns, 0, limits));
  if (nodes === 2) {
    const other = starting.use(await startNode(netns, 1, limits));
    await until(
      "a route",
      ROUTE_MS,
      () => [daemon, other].every(({ log }) => log.some((line) => ROUTE.test(line))) || undefined,
    );
  }
  const running = starting.move();
  const linesAbout = (client: string, what: RegExp): string[] =>
    daemon.log.filter((line) => line.includes(` ${client} - `) && what.test(line));
  return {
    feedPort: clientPort(0),
    publishPort: clientPort(nodes - 1),
    cuts: (client) => linesAbout(client, /Slow Consumer Detected|Stale Client Connection/),
    serves: (client) =>
      linesAbout(client, /connection created/).length === 1 &&
      linesAbout(client, /connection closed/).length === 0,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
