/** A client whose handler runs in a worker, and a server that says lines and keeps what it is told. */
import { type Client, type ConnectOptions, HandlerError } from "../../../mod.ts";
import {
  workerHandler,
  type WorkerHandlerEvent,
  type WorkerHandlerOptions,
} from "../../../isolation.ts";
import { connected, until, within } from "../../client/harness.ts";
import { ScriptedTransport } from "../../transport/scripted.ts";

/** The specifier of a module in `modules/`. */
export function moduleUrl(name: string): string {
  return import.meta.resolve(`./modules/${name}.ts`);
}

/** A scripted server and the client that is connected to it. */
export interface Scene extends AsyncDisposable {
  transport: ScriptedTransport;
  client: Client;
  events: WorkerHandlerEvent[];
  /** Lines the handler has sent. */
  lines(): string[];
  /** Sends lines to the client. */
  say(...lines: string[]): void;
  /** Resolves once the handler has sent so many lines. */
  heard(count: number): Promise<string[]>;
  /** Resolves with what `run()` was rejected with, `undefined` if it was not. */
  readonly ended: Promise<unknown>;
}

/** Connects and runs the module `name`. */
export async function scene(
  name: string,
  options: WorkerHandlerOptions & { connect?: Partial<ConnectOptions> } = {},
): Promise<Scene> {
  const transport = new ScriptedTransport();
  const client = await connected(transport, {
    framing: { type: "lines" },
    sharedMemory: true,
    ...options.connect,
  });
  const events: WorkerHandlerEvent[] = [];
  const { connect: _, ...rest } = options;
  const handler = workerHandler(moduleUrl(name), {
    name,
    ...rest,
    onEvent: (event) => events.push(event),
  });
  const ended = client.run(handler).then(() => undefined, (error: unknown) => error);
  const decoder = new TextDecoder();
  const lines = () =>
    transport.written.map((bytes) => decoder.decode(bytes)).join("").split("\n").slice(0, -1);
  return {
    transport,
    client,
    events,
    lines,
    say: (...said) => transport.give(new TextEncoder().encode(said.map((s) => `${s}\n`).join(""))),
    heard: async (count) => {
      await until(() => lines().length >= count, `${count} lines of the handler`);
      return lines();
    },
    ended: within(ended, "end of run()"),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await ended;
      await handler[Symbol.asyncDispose]();
    },
  };
}

/** What the handler threw, by the error `run()` was rejected with. */
export function causeOf(error: unknown): unknown {
  if (!(error instanceof HandlerError)) throw new Error(`expected a HandlerError, got ${error}`);
  return error.cause;
}
