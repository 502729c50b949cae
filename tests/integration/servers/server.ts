/** A real server inside a namespace, and what it says about its clients. */
import type { Netns } from "../../servers/netns.ts";
import { Daemon } from "../process.ts";
import { sockets } from "../sockets.ts";
import { until } from "../until.ts";

const START_MS = 15_000;

/** A running server. Clients are named by their address, such as `127.0.0.1:40112`. */
export interface Server extends AsyncDisposable {
  /** Where the feed is. */
  readonly feedPort: number;
  /** Where publishers go. */
  readonly publishPort: number;
  /** What it says about having cut a client off; nothing if it has not. */
  cuts(client: string): string[] | Promise<string[]>;
  /** Whether it says that it serves the client still. */
  serves(client: string): boolean | Promise<boolean>;
}

/** Waits until somebody listens on all `ports`. */
async function listening(netns: Netns, ports: number[]): Promise<void> {
  await until(`a server listens on ${ports}`, START_MS, async () => {
    const found = (await sockets(netns)).filter(({ state }) => state === "LISTEN");
    return ports.every((port) => found.some(({ local }) => local.endsWith(`:${port}`))) ||
      undefined;
  });
}

/** Starts a server that will listen on `ports`. */
export async function startDaemon(
  netns: Netns,
  ports: number[],
  command: string,
  args: string[],
): Promise<Daemon> {
  const daemon = new Daemon(netns, command, args);
  try {
    await listening(netns, ports);
    return daemon;
  } catch (cause) {
    await daemon[Symbol.asyncDispose]();
    throw new Error(`${command} does not start: ${daemon.log.join("\n")}`, { cause });
  }
}
