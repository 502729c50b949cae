/** A server that says lines and keeps what it is told, and isolated clients of it. */
import { connectIsolated, type IsolatedClient } from "../../isolation.ts";
import type { IsolatedEvent, IsolatedHandler, IsolatedOptions } from "../../isolation.ts";
import { send, serve, until, within } from "../client/harness.ts";

/** The specifier of a handler module of the worker tests. */
export function moduleUrl(name: string): string {
  return import.meta.resolve(`../isolation/worker/modules/${name}.ts`);
}

/** A server, the client that is connected to it, and what that told. */
export interface Scene extends AsyncDisposable {
  client: IsolatedClient;
  events: IsolatedEvent[];
  /** Lines the server was told on all connections. */
  lines(): string[];
  /** Sends lines on the newest connection. */
  say(...lines: string[]): Promise<void>;
  /** Closes the newest connection. */
  hangUp(): void;
  /** Resolves once the server was told so many lines. */
  heard(count: number): Promise<string[]>;
}

/** Connects one or more handlers to a server that says what the test has it say. */
export async function scene(
  options: Partial<IsolatedOptions> & Pick<IsolatedOptions, "handler" | "handlers">,
  listener?: Deno.Listener,
  target?: (target: string) => string,
): Promise<Scene> {
  const conns: Deno.Conn[] = [];
  let text = "";
  const server = serve(async (conn) => {
    conns.push(conn);
    const decoder = new TextDecoder();
    const bytes = new Uint8Array(65536);
    for (let n = await conn.read(bytes); n !== null; n = await conn.read(bytes)) {
      text += decoder.decode(bytes.subarray(0, n), { stream: true });
    }
  }, listener);
  const events: IsolatedEvent[] = [];
  const lines = () => text.split("\n").slice(0, -1);
  try {
    const address = target?.(server.target) ?? server.target;
    const client = await within(
      connectIsolated(address, {
        framing: { type: "lines" },
        onEvent: (event) => events.push(event),
        ...options,
      }),
      "isolated client",
    );
    return {
      client,
      events,
      lines,
      say: (...said) => send(conns.at(-1)!, said.map((line) => `${line}\n`).join("")),
      hangUp: () => conns.at(-1)!.close(),
      heard: async (count) => {
        await until(() => lines().length >= count, `${count} lines, there are ${lines()}`);
        return lines();
      },
      async [Symbol.asyncDispose]() {
        await within(client.close(), "end of the client");
        await server[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** A handler of the worker tests. */
export function handlerOf(name: string, options: Partial<IsolatedHandler> = {}): IsolatedHandler {
  return { module: moduleUrl(name), ...options };
}
