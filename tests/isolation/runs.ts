/** Runs handlers against a server, and tells what it heard of them. */
import { type Client, connect, type ConnectOptions, type Handler } from "../../mod.ts";
import { FRAMING, numbered, receive, send, serve, within } from "../client/harness.ts";

/** Starting a process takes 0.1 s, and far longer where the machine is busy. */
export const PATIENCE_MS = 120_000;

/** What came of a run. */
export interface Outcome {
  /** What the handler wrote to the server. */
  said: string;
  /** What `client.run()` was rejected with, if it was. */
  error: Error | undefined;
  client: Client;
}

/** How a run is set up. */
export interface RunOptions {
  /** What the server sends. Default ten numbered frames. */
  stream?: Uint8Array;
  /** Called when the handler has said "?", with the client and what sends more frames. */
  onQuestion?: (client: Client, send: (bytes: Uint8Array) => Promise<void>) => void;
  /** Options of the client. */
  connect?: Partial<ConnectOptions>;
}

/** Gives a handler frames until it says "!", upon which the server closes, or until it fails. */
export async function run(handler: Handler, options: RunOptions = {}): Promise<Outcome> {
  const { stream = numbered(10), onQuestion = () => {} } = options;
  let said = "";
  const connecting = Promise.withResolvers<Client>();
  await using server = serve(async (conn) => {
    await send(conn, stream);
    const client = await connecting.promise;
    for (let heard = await receive(conn, 1); heard !== ""; heard = await receive(conn, 1)) {
      said += heard;
      if (heard === "?") onQuestion(client, (bytes) => send(conn, bytes));
      if (heard === "!") return;
    }
  });
  await using client = await connect(server.target, { framing: FRAMING, ...options.connect });
  connecting.resolve(client);
  const running = client.run(handler).then(() => undefined, (error: Error) => error);
  return { error: await within(running, "end of the run", PATIENCE_MS), said, client };
}

/** Source of a module as a URL. */
export function moduleOf(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
