/** A real server inside a namespace, and what it says about its clients. */
import type { Netns } from "../../servers/netns.ts";
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
export async function listening(netns: Netns, ports: number[]): Promise<void> {
  await until(`a server listens on ${ports}`, START_MS, async () => {
    const found = (await sockets(netns)).filter(({ state }) => state === "LISTEN");
    return ports.every((port) => found.some(({ local }) => local.endsWith(`:${port}`))) ||
      undefined;
  });
}
