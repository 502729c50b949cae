/** What the tests of the data plane share: servers on port 0, bounded waits, and the sums that must hold. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  type Batch,
  type Client,
  type Column,
  connect,
  type ConnectOptions,
  DisconnectError,
  type DisconnectReason,
  type LengthFieldFraming,
  type Target,
} from "../../mod.ts";
import { join } from "../framing/bytes.ts";

/** No wait of a test lasts longer; none is expected to last nearly as long. */
const PATIENCE_MS = 20_000;

/** The framing of most tests: a 4-byte length, cut off. */
export const FRAMING: LengthFieldFraming = { type: "length_field", initialBytesToStrip: 4 };

/** `promise`, or an error that says what did not happen. */
export async function within<T>(
  promise: PromiseLike<T>,
  what: string,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no ${what} within time`)), patienceMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves once `condition` holds. */
export function until(
  condition: () => boolean,
  what: string,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => condition() && resolve(), 1);
  return within(promise, what, patienceMs).finally(() => clearInterval(timer));
}

/** Resolves after `ms`. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What was rejected while `act` ran, and nobody heard of. */
export function unheard(act: () => Promise<unknown>): Promise<unknown[]> {
  return during("unhandledrejection", (event) => (event as PromiseRejectionEvent).reason, act);
}

/** The messages of what was thrown while `act` ran, and nobody caught. */
export function uncaught(act: () => Promise<unknown>): Promise<string[]> {
  return during("error", (event) => (event as ErrorEvent).message, act);
}

/** What events told while `act` ran; they do no harm. */
async function during<T>(
  type: "error" | "unhandledrejection",
  tell: (event: Event) => T,
  act: () => Promise<unknown>,
): Promise<T[]> {
  const told: T[] = [];
  const heed = (event: Event) => {
    event.preventDefault();
    told.push(tell(event));
  };
  addEventListener(type, heed);
  try {
    await act();
    await delay(0);
  } finally {
    removeEventListener(type, heed);
  }
  return told;
}

/** A payload with its 4-byte length. */
export function frame(payload: Uint8Array | string): Uint8Array {
  const body = join(payload);
  const bytes = new Uint8Array(4 + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length);
  bytes.set(body, 4);
  return bytes;
}

/** `count` frames whose payload of `size` bytes begins with their number, from `first` on. */
export function numbered(count: number, size = 4, first = 0): Uint8Array {
  const stream = new Uint8Array(count * (4 + size));
  const view = new DataView(stream.buffer);
  for (let i = 0; i < count; i++) {
    view.setUint32(i * (4 + size), size);
    view.setUint32(i * (4 + size) + 4, first + i);
  }
  return stream;
}

/** Numbers from 0 to below `count`: what {@linkcode numbered} frames begin with. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Sends all of `bytes`. */
export async function send(conn: Deno.Conn, bytes: Uint8Array | string): Promise<void> {
  const all = join(bytes);
  for (let at = 0; at < all.length;) at += await conn.write(all.subarray(at));
}

/** Reads exactly `count` bytes as text, fewer at the end. */
export async function receive(conn: Deno.Conn, count: number): Promise<string> {
  const bytes = new Uint8Array(count);
  let size = 0;
  while (size < count) {
    const n = await conn.read(bytes.subarray(size));
    if (n === null) break;
    size += n;
  }
  return new TextDecoder().decode(bytes.subarray(0, size));
}

/** A server that has ended its service. */
export interface Server extends AsyncDisposable {
  /** Where to connect to. */
  readonly target: string;
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: number;
}

/** Serves each connection with `service`, closes it behind, and stops listening when disposed. */
export function serve(
  service: (conn: Deno.Conn, number: number) => void | Promise<void>,
  listener: Deno.Listener = Deno.listen({ hostname: "127.0.0.1", port: 0 }),
): Server {
  const conns: Deno.Conn[] = [];
  const services: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const conn of listener) {
      conns.push(conn);
      const served = (async (number) => {
        await service(conn, number);
        close(conn);
      })(conns.length);
      // Looked at when the server is disposed.
      served.catch(() => {});
      services.push(served);
    }
  })();
  const { port = 0 } = listener.addr as Deno.NetAddr;
  return {
    target: `127.0.0.1:${port}`,
    port,
    get accepted() {
      return conns.length;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      conns.forEach(close);
      for (const end of await within(Promise.allSettled(services), "end of the server")) {
        if (end.status === "rejected" && !isDisconnect(end.reason)) throw end.reason;
      }
    },
  };
}

/** Serves `bytes`, then the end of the connection. */
export function serveBytes(...bytes: (Uint8Array | string)[]): Server {
  return serve((conn) => send(conn, join(...bytes)));
}

/** Serves `bytes`, then silence until the client is gone. */
export function serveThenWait(...bytes: (Uint8Array | string)[]): Server {
  return serve(async (conn) => {
    await send(conn, join(...bytes));
    while (await conn.read(new Uint8Array(4096)) !== null);
  });
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** The client's closing, or its refusal in TLS, is no fault of the server's. */
function isDisconnect(error: unknown): boolean {
  const { BadResource, BrokenPipe, ConnectionReset, Interrupted } = Deno.errors;
  const { InvalidData, NotConnected, UnexpectedEof } = Deno.errors;
  return [BadResource, BrokenPipe, ConnectionReset, Interrupted].some((e) => error instanceof e) ||
    [InvalidData, NotConnected, UnexpectedEof].some((e) => error instanceof e);
}

/** A client that asserts its sums when it is disposed. */
export async function connected<const C extends readonly Column[] = readonly []>(
  target: Target,
  options: Partial<ConnectOptions<C>> = {},
): Promise<Client<C>> {
  const client = await within(connect(target, { framing: FRAMING, ...options }), "connection");
  const dispose = client[Symbol.asyncDispose].bind(client);
  client[Symbol.asyncDispose] = async () => {
    await within(dispose(), "end of the client");
    assertSums(client);
  };
  return client;
}

/** Every byte and every frame is accounted for. */
export function assertSums(client: Client): void {
  const stats = client.stats();
  assertEquals(
    stats.bytesRead,
    stats.frameBytes + stats.skippedBytes + stats.paddingBytes + stats.partialBytes +
      stats.partialBytesDropped,
  );
  assertEquals(stats.frames, stats.framesDelivered + stats.framesPending + stats.framesDropped);
}

/** All frames of a client, and how it ended. */
export async function collect(
  client: Client,
): Promise<{ frames: Uint8Array[]; end: DisconnectError }> {
  const frames: Uint8Array[] = [];
  const take = (batch: Batch) => {
    for (const view of batch) frames.push(view.slice());
  };
  await within(client.run({ batch: take }).catch(onlyDisconnect), "end of the feed");
  return { frames, end: await client.closed };
}

/** The numbers that {@linkcode numbered} frames begin with. */
export function numbersOf(batch: Batch): number[] {
  return Array.from({ length: batch.count }, (_, i) => batch.u32(i, 0));
}

/** The numbers of all frames of a client. */
export async function collectNumbers(client: Client): Promise<number[]> {
  const { frames } = await collect(client);
  return frames.map((bytes) => new DataView(bytes.buffer).getUint32(0));
}

/** What `connect()` is rejected with. */
export async function refusal(
  target: Target,
  options: Partial<ConnectOptions> = {},
): Promise<DisconnectError> {
  const attempt = connect(target, { framing: FRAMING, ...options });
  const outcome = await within(attempt.catch((error: unknown) => error), "refusal");
  assertInstanceOf(outcome, DisconnectError);
  return outcome;
}

/** Asserts how a client ended. */
export async function assertEnds(
  client: Client,
  reason: DisconnectReason,
): Promise<DisconnectError> {
  const end = await within(client.closed, "end of the client");
  assertEquals(end.reason, reason, end.message);
  return end;
}

function onlyDisconnect(error: unknown): void {
  if (!(error instanceof DisconnectError)) throw error;
}
