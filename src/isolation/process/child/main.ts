/**
 * The program of a handler process: loads the module and calls it as the
 * client asks. It is bundled into `child_program.ts`, which is what runs.
 *
 * @module
 */

import {
  type Handler,
  type HandlerContext,
  NO_OPTIONS,
  type OptionValues,
} from "../../../dispatch/handler.ts";
import { type ClientStats, newStats } from "../../../status.ts";
import type { HandlerModule } from "../../contract.ts";
import { PostedWrites } from "../../posted_writes.ts";
import { configuredHandler } from "../../schema.ts";
import { decodeBatch } from "../batch_message.ts";
import {
  CHILD_MESSAGE_BYTES_MAX,
  FromChild,
  HEADER_BYTES,
  numberBody,
  ToChild,
} from "../protocol.ts";
import { encodeError } from "../remote_error.ts";
import { printToStderr } from "./console.ts";
import { Channel, type ParentMessage } from "./channel.ts";
import { startWatchdog } from "./watchdog.ts";
import { outcomeOf, piecesOf } from "./writes.ts";

/** Serves the client until it is gone. `load` imports the handler's module. */
export async function serve(
  load: () => Promise<HandlerModule>,
  { name, options, memoryLimitBytes }: {
    name: string;
    options: OptionValues;
    memoryLimitBytes: number;
  },
): Promise<void> {
  // Before any code of the user's runs.
  const channel = new Channel();
  const { exit } = Deno;
  printToStderr();
  leaveSignalsToClient();
  startWatchdog(memoryLimitBytes);
  let handler: Handler;
  try {
    handler = configuredHandler(await load(), name, options);
  } catch (error) {
    fail(channel, error);
    return exit(1);
  }
  channel.send(FromChild.ready);
  const child = new Child(channel, handler);
  for (let asked = await channel.next(); asked !== undefined; asked = await channel.next()) {
    child.receive(asked);
  }
  // The client is gone, or done with this process.
  exit(0);
}

/**
 * Ctrl-C, a terminal that closes and many a service manager interrupt all processes of a group. Whether
 * the batch at hand is to be finished first is the client's to say, and this
 * process ends when that does.
 */
function leaveSignalsToClient(): void {
  const signals = Deno.build.os === "windows"
    ? ["SIGINT"] as const
    : ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, () => {});
}

class Child {
  readonly #channel: Channel;
  readonly #handler: Handler;
  readonly #writes: PostedWrites;
  readonly #abort = new AbortController();
  readonly #context: HandlerContext;
  #stats: ClientStats = newStats();

  constructor(channel: Channel, handler: Handler) {
    this.#channel = channel;
    this.#handler = handler;
    this.#writes = new PostedWrites((id, bytes) => {
      for (const piece of piecesOf(id, bytes)) channel.send(FromChild.write, piece);
    });
    this.#context = {
      write: (bytes) => this.#writes.write(bytes),
      signal: this.#abort.signal,
      stats: () => structuredClone(this.#stats),
      options: NO_OPTIONS,
    };
  }

  /** Sees to a message; what takes time goes on behind it. */
  receive({ kind, body }: ParentMessage): void {
    switch (kind) {
      case ToChild.open:
        this.#readStats(body);
        void this.#answer(FromChild.opened, () => this.#handler.open?.(this.#context));
        break;
      case ToChild.batch:
        void this.#answer(FromChild.settled, () => this.#handle(body));
        break;
      case ToChild.close:
        this.#readStats(body);
        void this.#answer(FromChild.closed, () => this.#handler.close?.(this.#context));
        break;
      case ToChild.ping:
        this.#channel.send(FromChild.pong, numberBody(Deno.memoryUsage().rss));
        break;
      case ToChild.abort:
        this.#abort.abort();
        break;
      case ToChild.written:
        this.#settle(body);
        break;
    }
  }

  #settle(body: Uint8Array): void {
    const { id, error } = outcomeOf(body);
    this.#writes.settle(id, error);
  }

  async #handle(body: Uint8Array): Promise<void> {
    const { batch, stats } = decodeBatch(body);
    this.#stats = stats;
    try {
      await this.#handler.batch(batch, this.#context);
    } finally {
      // Its memory is about to be filled again.
      batch.revoke();
    }
  }

  async #answer(kind: FromChild, act: () => void | Promise<void>): Promise<void> {
    try {
      await act();
      this.#channel.send(kind);
    } catch (error) {
      fail(this.#channel, error);
    }
  }

  #readStats(body: Uint8Array): void {
    this.#stats = JSON.parse(new TextDecoder().decode(body));
  }
}

function fail(channel: Channel, error: unknown): void {
  channel.send(FromChild.failed, encodeError(error, CHILD_MESSAGE_BYTES_MAX - HEADER_BYTES));
}
