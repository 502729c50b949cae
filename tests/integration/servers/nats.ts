/** nats-server: cuts clients that have too much waiting, take too long to take it, or answer no ping. */
import type { Netns } from "../../servers/netns.ts";
import { Daemon } from "../process.ts";
import { listening, type Server } from "./server.ts";

const PORT = 4222;

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

const HOST = { host: "127.0.0.1", port: PORT, max_payload: 65_536, debug: true };

/** Starts one; it logs at its debug level, which says why connections end. */
export async function startNats(netns: Netns, limits: NatsLimits): Promise<Server> {
  const config = await Deno.makeTempFile({ suffix: ".conf" });
  // Its configuration takes JSON as well.
  await Deno.writeTextFile(config, JSON.stringify({ ...HOST, ...limits }));
  const daemon = new Daemon(netns, "nats-server", ["--config", config]);
  await listening(netns, [PORT]);
  await Deno.remove(config);
  const linesAbout = (client: string, what: RegExp): string[] =>
    daemon.log.filter((line) => line.includes(` ${client} - `) && what.test(line));
  return {
    feedPort: PORT,
    publishPort: PORT,
    cuts: (client) => linesAbout(client, /Slow Consumer Detected|Stale Client Connection/),
    serves: (client) =>
      linesAbout(client, /connection created/).length === 1 &&
      linesAbout(client, /connection closed/).length === 0,
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}
