/** Sockets, pipes of web streams and connections that are open already. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, type Duplex, OptionError } from "../../mod.ts";
import { StreamTransport } from "../../src/transport/streams.ts";
import { endpointName, parseTarget } from "../../src/transport/target.ts";
import {
  assertEnds,
  collect,
  collectNumbers,
  connected,
  delay,
  FRAMING,
  numbered,
  receive,
  refusal,
  send,
  serve,
  serveThenWait,
  until,
  upTo,
  within,
} from "../client/harness.ts";
import { join } from "../framing/bytes.ts";
import { ScriptedTransport } from "./scripted.ts";

const windows = Deno.build.os === "windows";

for (const form of ["text", "object"]) {
  Deno.test({
    name: `a unix socket is a target, as ${form}`,
    ignore: windows,
    fn: async () => {
      const directory = await Deno.makeTempDir();
      const path = `${directory}/feed.sock`;
      {
        await using _server = serve(async (conn) => {
          assertEquals(await receive(conn, 3), "hey");
          await send(conn, numbered(50_000));
        }, Deno.listen({ transport: "unix", path }) as unknown as Deno.Listener);
        const target = form === "text" ? `unix:${path}` : { path };
        await using client = await connected(target, { hello: "hey" });
        assertEquals(await collectNumbers(client), upTo(50_000));
      }
      await Deno.remove(directory, { recursive: true });
    },
  });
}

Deno.test("a Deno.Conn that is open already is a target", async () => {
  await using server = serve(async (conn) => {
    assertEquals(await receive(conn, 3), "hey");
    await send(conn, numbered(1000));
  });
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await using client = await connected(conn, { hello: "hey" });
  assertEquals(await collectNumbers(client), upTo(1000));
});

/** Chunks as a stream, of bytes or of plain objects, and what was written. */
function duplex(chunks: Uint8Array[], byob: boolean): { duplex: Duplex; written: Uint8Array[] } {
  const written: Uint8Array[] = [];
  const rest = [...chunks];
  const pull = (controller: ReadableStreamController<Uint8Array>) => {
    const chunk = rest.shift();
    // A byte stream takes the buffer away, so it gets one of its own.
    if (chunk !== undefined) return controller.enqueue(chunk.slice());
    controller.close();
    (controller as Partial<ReadableByteStreamController>).byobRequest?.respond(0);
  };
  return {
    written,
    duplex: {
      readable: byob
        ? new ReadableStream({ type: "bytes", pull })
        : new ReadableStream<Uint8Array>({ pull }),
      writable: new WritableStream({ write: (bytes) => void written.push(bytes) }),
    },
  };
}

for (const byob of [true, false]) {
  Deno.test(`a duplex ${byob ? "with" : "without"} BYOB is a target`, async () => {
    const stream = numbered(40_000);
    const chunks = [1, 100_000, 0, 7, 200_000].map((size, i, all) => {
      const start = all.slice(0, i).reduce((sum, n) => sum + n, 0);
      return stream.subarray(start, start + size);
    }).filter((chunk) => chunk.length > 0);
    chunks.push(stream.subarray(300_008));
    const pipe = duplex(chunks, byob);
    await using client = await connected(pipe.duplex, { hello: "hey" });
    assertEquals(await collectNumbers(client), upTo(40_000));
    await assertEnds(client, "eof");
    assertEquals(new TextDecoder().decode(join(...pipe.written)), "hey");
  });
}

Deno.test("a duplex over a socket works as the socket does", async () => {
  await using server = serve((conn) => send(conn, numbered(50_000)));
  const { readable, writable } = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await using client = await connected({ readable, writable });
  assertEquals(await collectNumbers(client), upTo(50_000));
});

Deno.test("a duplex that fails ends the feed with its error", async () => {
  const broken = new Error("pipe burst");
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(numbered(2));
    },
    pull(controller) {
      controller.error(broken);
    },
  }, { highWaterMark: 0 });
  await using client = await connected({ readable, writable: new WritableStream() });
  const { end } = await collect(client);
  assertEquals([end.reason, end.cause], ["other", broken]);
  assert(end.message.includes("pipe burst"), end.message);
});

Deno.test("closing a client closes both sides of its duplex", async () => {
  let cancelled = false;
  let closed = false;
  const readable = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  const writable = new WritableStream<Uint8Array>({ close: () => void (closed = true) });
  const client = await connected({ readable, writable });
  await client.close();
  await until(() => cancelled && closed, "end of both");
});

Deno.test("StreamTransport.read() gives a long chunk in pieces", async () => {
  const pipe = duplex([Uint8Array.of(1, 2, 3, 4, 5)], false);
  const transport = new StreamTransport(pipe.duplex);
  const into = new Uint8Array(2);
  const read: (number | null)[] = [];
  const bytes: number[] = [];
  for (let n = await transport.read(into); n !== null; n = await transport.read(into)) {
    read.push(n);
    bytes.push(...into.subarray(0, n));
  }
  assertEquals([read, bytes], [[2, 2, 1], [1, 2, 3, 4, 5]]);
});

Deno.test("parseTarget() reads every form", () => {
  const forms: [Parameters<typeof parseTarget>[0], string, string][] = [
    ["localhost:80", "tcp", "localhost:80"],
    ["tcp://localhost:80", "tcp", "localhost:80"],
    [":80", "tcp", "127.0.0.1:80"],
    ["[::1]:80", "tcp", "[::1]:80"],
    ["tls://example.org:443/", "tls", "example.org:443"],
    ["tls://[::1]:443", "tls", "[::1]:443"],
    ["unix:/run/x.sock", "unix", "unix:/run/x.sock"],
    [{ port: 80 }, "tcp", "127.0.0.1:80"],
    [{ hostname: "::1", port: 80, tls: true }, "tls", "[::1]:80"],
    [{ path: "/run/x.sock" }, "unix", "unix:/run/x.sock"],
  ];
  for (const [target, kind, name] of forms) {
    const endpoint = parseTarget(target);
    assertEquals([endpoint.kind, endpointName(endpoint)], [kind, name]);
  }
});

const clumsyTargets: unknown[] = [
  ...["", "localhost", "localhost:", "localhost:x", "localhost:0", "localhost:65536", "unix:"],
  ...["http://localhost:80", "::1:80", "a b:80", "localhost:80/path", " localhost:80"],
  ...[undefined, null, 5, true, [], {}, { port: "80" }, { port: 1.5 }, { hostname: 5, port: 1 }],
  ...[{ hostname: "", port: 80 }, { path: 5 }, { path: "" }, { readable: new ReadableStream() }],
  ...[{ read: () => {} }, () => {}, Symbol("x")],
];
for (const target of clumsyTargets) {
  Deno.test(`connect() refuses the target ${Deno.inspect(target)}`, async () => {
    await within(
      assertRejects(() => connect(target as string, { framing: FRAMING }), OptionError, "target"),
      "refusal",
    );
  });
}

Deno.test("an open connection can't be reconnected to", async () => {
  const pipe = duplex([], false);
  const options = { framing: FRAMING, reconnect: true };
  await assertRejects(() => connect(pipe.duplex, options), OptionError, "reconnect");
});

Deno.test("a dialer's signal says nothing any more once the connection stands", async () => {
  let dialed: AbortSignal | undefined;
  const controller = new AbortController();
  const dialer = {
    dial(signal: AbortSignal) {
      dialed = signal;
      return Promise.resolve(new ScriptedTransport(numbered(1)));
    },
  };
  const options = { connectTimeoutMs: 20, signal: controller.signal };
  await using client = await connected(dialer, options);
  await delay(60);
  controller.abort();
  await assertEnds(client, "aborted");
  assertEquals(dialed?.aborted, false);
});

Deno.test("a dialer's signal is aborted by the connect timeout, and by the client's", async () => {
  const dialer = {
    dial: (signal: AbortSignal) =>
      new Promise<null>((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason), { once: true })
      ),
  };
  assertEquals((await refusal(dialer, { connectTimeoutMs: 20 })).reason, "connect_timeout");
  const controller = new AbortController();
  const refused = refusal(dialer, { signal: controller.signal });
  controller.abort();
  assertEquals((await refused).reason, "aborted");
});

Deno.test("a connection that can't be closed twice, or not at all, ends all the same", async () => {
  const refusals: (() => unknown)[] = [
    () => {
      throw new TypeError("closed already");
    },
    () => Promise.reject(new TypeError("closed already")),
  ];
  for (const refuse of refusals) {
    const transport = new ScriptedTransport(numbered(2));
    const close = transport.close.bind(transport);
    transport.close = () => {
      close();
      return refuse() as void;
    };
    await using client = await connected(transport);
    await within(client.close(), "end");
    await assertEnds(client, "aborted");
  }
});

Deno.test("a connection that is not Deno's is not said to fail in TLS because of its words", async () => {
  const rejected = new Error("WebSocket handshake rejected by peer");
  const refused = await refusal({ dial: () => Promise.reject(rejected) });
  assertEquals([refused.reason, refused.cause], ["other", rejected]);
  const gone = new Error("peer went away");
  await using client = await connected(new ScriptedTransport(numbered(1), gone));
  const { end } = await collect(client);
  assertEquals([end.reason, end.cause], ["other", gone]);
});

Deno.test("a duplex that is locked is refused", async () => {
  const pipe = duplex([], false);
  pipe.duplex.readable.getReader();
  const error = await refusal(pipe.duplex);
  assert(error.message.includes("locked"), error.message);
});

Deno.test("two clients of one server know nothing of each other", async () => {
  await using server = serveThenWait(numbered(100));
  await using one = await connected(server.target);
  await using two = await connected(server.target);
  await one.close();
  await until(() => two.stats().frames === 100, "frames");
});
