/**
 * One scene: a server, one or two clients, and all they tell, in one place.
 *
 * @module
 */

import type { ClientCounters, PushEnding } from "../../push/events.ts";
import { FRAME_BYTES, type Load } from "./load.ts";
import type {
  ClientMessage,
  ClientTask,
  Ending,
  Progress,
  ServerMessage,
  ServerTask,
} from "./messages.ts";
import { Process } from "./process.ts";

/** Who takes part. */
export type ClientName = "naive" | "Spillway";

const FILES: Record<ClientName, string> = { naive: "naive.ts", Spillway: "spillway.ts" };

/** How the server's side of a connection ended. */
export type ServerEnding = PushEnding & ClientCounters;

/** One client as both sides see it. */
export interface Player {
  /** Who it is. */
  name: ClientName;
  /** The server's counters of it, as last told. */
  server: ClientCounters | undefined;
  /** How it ended for the server. */
  serverEnding: ServerEnding | undefined;
  /** What it told last. */
  progress: Progress;
  /** How it ended for the client itself. */
  ending: Ending | undefined;
}

/** Bytes pushed to a client that it has not read: they lie in the kernel or in the server's queue. */
export function unreadBytes(player: Player): number {
  const pushed = (player.server?.framesDue ?? 0) * FRAME_BYTES;
  return Math.max(0, pushed - player.progress.bytesRead);
}

/** A scene no longer than this is a scene that hangs. */
const SCENE_MS = 30_000;

/** Plays a scene to its end; `onStart` is given the players, whose members change as it goes on. */
export async function play(
  load: Load,
  names: ClientName[],
  rounds: number,
  onStart: (players: Player[]) => Disposable,
): Promise<Player[]> {
  const players = names.map(newPlayer);
  const { pace, durationMs, bufferBytes } = load;
  const task: ServerTask = { pace, durationMs, clients: names.length };
  await using server = new Process<ServerMessage>("server.ts", "127.0.0.1", task);
  const port = await portOf(server);
  await using stack = new AsyncDisposableStack();
  const clients = names.map((name) => {
    const client: ClientTask = { port, rounds, bufferBytes };
    return stack.use(new Process<ClientMessage>(FILES[name], `127.0.0.1:${port}`, client));
  });
  for (const [i, client] of clients.entries()) await expect(client, names[i], "ready");
  // The server numbers clients as they come, so each waits for the one before it.
  const accepted = players.map(() => Promise.withResolvers<void>());
  const serving = hearServer(server, players, (id) => accepted[id - 1].resolve());
  const hearing = clients.map((client, i) => hearClient(client, players[i]));
  const all = Promise.all([serving, ...hearing]);
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(
    () => timer.reject(new Error("the scene did not end in time")),
    SCENE_MS,
  );
  using _ = onStart(players);
  try {
    for (const [i, client] of clients.entries()) {
      await client.go();
      await Promise.race([accepted[i].promise, all, timer.promise]);
    }
    await Promise.race([all, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
  return players;
}

function newPlayer(name: ClientName): Player {
  return {
    name,
    server: undefined,
    serverEnding: undefined,
    progress: { bytesRead: 0, handled: 0, waiting: 0, paused: false },
    ending: undefined,
  };
}

async function portOf(server: Process<ServerMessage>): Promise<number> {
  const { value } = await server.messages.next();
  if (value?.type === "listening") return value.port;
  throw new Error("the server process ended before it listened");
}

async function expect(
  client: Process<ClientMessage>,
  name: ClientName,
  type: ClientMessage["type"],
): Promise<void> {
  const { value } = await client.messages.next();
  if (value?.type !== type) throw new Error(`the process of ${name} ended before it was ${type}`);
}

async function hearServer(
  server: Process<ServerMessage>,
  players: Player[],
  onAccept: (client: number) => void,
): Promise<void> {
  for await (const message of server.messages) {
    if (message.type === "listening") continue;
    if (message.type === "accept") onAccept(message.client);
    else if (message.type === "counters") {
      for (const counters of message.clients) players[counters.client - 1].server = counters;
    } else {
      const player = players[message.client - 1];
      player.server = message;
      player.serverEnding = message;
    }
  }
  if (players.some((player) => player.serverEnding === undefined)) {
    throw new Error("the server process ended before its clients did");
  }
}

async function hearClient(client: Process<ClientMessage>, player: Player): Promise<void> {
  for await (const message of client.messages) {
    if (message.type === "ready") continue;
    player.progress = message;
    if (message.type === "end") player.ending = message;
  }
  if (player.ending === undefined) {
    throw new Error(`the process of ${player.name} ended before it said how`);
  }
}
