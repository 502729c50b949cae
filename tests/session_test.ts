/** The handshake: what is read and written before the feed, and where the feed begins. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  connect,
  DisconnectError,
  type DisconnectReason,
  HandshakeError,
  OptionError,
  type Session,
  type Target,
} from "../mod.ts";
import { delay, frame, upTo } from "./client/harness.ts";
import { ScriptedTransport } from "./transport/scripted.ts";
import {
  collectNumbers,
  connected,
  FRAMING,
  numbered,
  receive,
  refusal,
  send,
  serve,
  serveBytes,
  serveThenWait,
  unheard,
  within,
} from "./client/harness.ts";

Deno.test("hello goes out before the feed begins", async () => {
  for (const hello of ["SUB ☃\n", new TextEncoder().encode("SUB ☃\n")]) {
    const heard = Promise.withResolvers<string>();
    await using server = serve(async (conn) => heard.resolve(await receive(conn, 8)));
    await using _client = await connected(server.target, { hello });
    assertEquals(await within(heard.promise, "hello"), "SUB ☃\n");
  }
});

Deno.test("readLine(), readExactly() and read() leave what follows to the feed", async () => {
  await using server = serveBytes("+OK\r\nnext\n", "12345", numbered(3));
  const said: string[] = [];
  await using client = await connected(server.target, {
    handshake: async (session) => {
      said.push(await session.readLine(), await session.readLine());
      said.push(new TextDecoder().decode(await session.readExactly(5)));
    },
  });
  assertEquals(said, ["+OK", "next", "12345"]);
  assertEquals(await collectNumbers(client), [0, 1, 2]);
  assertEquals(client.stats().bytesRead, 24);
});

Deno.test("surplus of a handshake larger than a chunk starts the feed", async () => {
  await using server = serveBytes("go\n", numbered(60_000));
  await using client = await connected(server.target, {
    handshake: async (session) => {
      assertEquals(await session.readLine(), "go");
    },
  });
  assertEquals((await collectNumbers(client)).length, 60_000);
});

Deno.test("surplus alone, with silence behind it, is dispatched at once", async () => {
  await using server = serveThenWait("go\n", numbered(1));
  await using client = await connected(server.target, {
    handshake: async (session) => void await session.readLine(),
  });
  for await (const batch of client) {
    assertEquals(batch.u32(0, 0), 0);
    break;
  }
});

Deno.test("read() gives null at the end", async () => {
  await using server = serveBytes();
  let read: Uint8Array | null | undefined;
  await using client = await connected(server.target, {
    handshake: async (session) => {
      read = await session.read();
    },
  });
  assertEquals([read, await collectNumbers(client)], [null, []]);
});

const failures: [string, (session: Session) => Promise<unknown>, string][] = [
  ["a senseless count", (session) => session.readExactly(-1), "got -1"],
  ["what the user throws", () => Promise.reject(new Error("bad peer")), "bad peer"],
  ["a file that is missing", () => Deno.readFile("/does/not/exist"), "No such file"],
  ["no error at all", () => Promise.reject("just text"), "just text"],
];
for (const [what, handshake, says] of failures) {
  Deno.test(`a handshake that ends in ${what} is told as one`, async () => {
    await using server = serveBytes("abc");
    const error = await refusal(server.target, {
      handshake: async (session) => void await handshake(session),
    });
    assertEquals([error.reason, error.report.verdict.kind], ["handshake", "this_side"]);
    if (what === "a file that is missing") assert(error.cause instanceof Deno.errors.NotFound);
    else assertStringIncludes(error.message, says);
  });
}

for (
  const [expected, read] of [
    ["a line", (session: Session) => session.readLine()],
    ["4 bytes", (session: Session) => session.readExactly(4)],
  ] as const
) {
  Deno.test(`a server that closes where a handshake expects ${expected} is told as who ended it`, async () => {
    await using server = serveBytes("abc");
    const error = await refusal(server.target, {
      handshake: async (session) => void await read(session),
    });
    assertEquals([error.reason, error.report.verdict.kind], ["handshake", "no_connection"]);
    assert(error.cause instanceof HandshakeError);
    assertStringIncludes(error.message, "the server closed the connection within the handshake");
    assertStringIncludes(error.message, `expected ${expected}, got 3 bytes`);
  });
}

Deno.test("reconnecting that ends in a handshake the server closes is no end that run() returns from", async () => {
  const transports = [new ScriptedTransport(numbered(1), null), new ScriptedTransport(null)];
  let handshakes = 0;
  const client = await connect({ dial: () => Promise.resolve(transports.shift()!) }, {
    framing: FRAMING,
    handshake: async (session) => void (++handshakes > 1 && await session.readLine()),
    reconnect: { initialDelayMs: 0, maxAttempts: 1 },
  });
  const error = await assertRejects(() => client.run({ batch() {} }), DisconnectError);
  assertEquals(error.reason, "handshake");
});

Deno.test("a line keeps what looks like a byte order mark", async () => {
  await using server = serveBytes("\uFEFFa\r\n");
  let line: string | undefined;
  await using _client = await connected(server.target, {
    handshake: async (session) => {
      line = await session.readLine();
    },
  });
  assertEquals(line, "\uFEFFa");
});

Deno.test("a line without end is given up after 1 MiB", async () => {
  await using server = serveThenWait(new Uint8Array(1024 * 1024 + 4096).fill(0x61));
  const error = await refusal(server.target, {
    handshake: async (session) => void await session.readLine(),
  });
  assert(error.cause instanceof HandshakeError);
  assertStringIncludes(error.message, "without its end");
});

Deno.test("a connection that ends within its handshake is not told as if there had been none", async () => {
  await using silent = serveThenWait();
  const resets = {
    read: () => Promise.reject(new Deno.errors.ConnectionReset("os error 104")),
    write: () => Promise.resolve(0),
    close() {},
  };
  const cases = [
    [resets, "reset", "it ended before the handshake was done"],
    [silent.target, "connect_timeout", "no handshake within 200 ms: the handshake was not done"],
  ] as const;
  for (const [target, reason, sentence] of cases) {
    const error = await refusal(target, {
      connectTimeoutMs: 200,
      handshake: async (session) => void await session.readLine(),
    });
    assertEquals([error.reason, error.report.verdict.kind], [reason, "no_connection"]);
    assertStringIncludes(error.message, sentence);
  }
});

Deno.test("a session is of no use behind its handshake", async () => {
  await using server = serveThenWait(frame("feed"));
  let kept: Session | undefined;
  await using _client = await connected(server.target, {
    handshake: (session) => {
      kept = session;
      return Promise.resolve();
    },
  });
  await assertRejects(() => kept!.read(), HandshakeError, "over");
  await assertRejects(() => kept!.write("x"), HandshakeError, "over");
  await assertRejects(() => kept!.startTls(), HandshakeError, "over");
});

Deno.test("a read that a handshake did not wait for is the feed's", async () => {
  for (const size of [4, 2000]) {
    const go = Promise.withResolvers<void>();
    await using server = serve(async (conn) => {
      await go.promise;
      await send(conn, numbered(10, size));
    });
    let line: Promise<unknown> | undefined;
    await using client = await connected(server.target, {
      // A greeting that may come or not.
      handshake(session) {
        line = session.readLine();
        return Promise.resolve();
      },
    });
    go.resolve();
    assertEquals(await collectNumbers(client), upTo(10));
    await assertRejects(() => line!, HandshakeError, "over");
  }
});

/** Takes a byte a write, and its time for each. */
class ByteByByte extends ScriptedTransport {
  /** What it took, as text. */
  taken = "";

  override onWrite = async (bytes: Uint8Array) => {
    await delay(0);
    this.taken += String.fromCharCode(bytes[0]);
    return 1;
  };
}

Deno.test("what a handshake writes goes out whole and in order, waited for or not", async () => {
  const transport = new ByteByByte();
  await using client = await connected(transport, {
    handshake(session) {
      session.write("abc");
      session.write("def");
      return Promise.resolve();
    },
  });
  await client.write("ghi");
  assertEquals(transport.taken, "abcdefghi");
});

Deno.test("what is written when a handshake has returned is refused, while its own still goes out", async () => {
  const transport = new ByteByByte();
  let late: Promise<void> | undefined;
  await using client = await connected(transport, {
    handshake(session) {
      session.write("abcdef");
      setTimeout(() => late = session.write("late").catch((error) => error), 1);
      return Promise.resolve();
    },
  });
  await client.write("ghi");
  assert(await late as unknown instanceof HandshakeError);
  assertEquals(transport.taken, "abcdefghi");
});

Deno.test("a handshake may make good a write that failed", async () => {
  const transport = new ScriptedTransport(numbered(1));
  let refusals = 1;
  transport.onWrite = (bytes) =>
    refusals-- > 0 ? Promise.reject(new Error("busy")) : Promise.resolve(bytes.length);
  await using client = await connected(transport, {
    async handshake(session) {
      await session.write("hello").catch(() => session.write("hello"));
    },
  });
  transport.give(null);
  assertEquals(await collectNumbers(client), upTo(1));
});

Deno.test("a write that a handshake did not wait for may fail", async () => {
  const transport = new ScriptedTransport(numbered(1), null);
  transport.onWrite = () => Promise.reject(new Error("broken"));
  await using client = await connected(transport, {
    handshake: (session) => {
      session.write("hello");
      return Promise.resolve();
    },
  });
  assertEquals(await collectNumbers(client), upTo(1));
});

Deno.test("a handshake that makes light of a failed startTls() has failed", async () => {
  await using server = serve(async (conn) => {
    await send(conn, "220 ready\r\n");
    await conn.read(new Uint8Array(1024));
    await send(conn, "this is no TLS");
  });
  const error = await refusal(server.target, {
    async handshake(session) {
      await session.readLine();
      await session.startTls().catch(() => {});
    },
  });
  assertEquals(error.reason, "tls");
});

/** Reads give what `count` makes of each call's room. */
function counting(count: (roomBytes: number) => number): ScriptedTransport {
  const transport = new ScriptedTransport();
  transport.read = (into) => Promise.resolve(count(into.length));
  return transport;
}

Deno.test("a handshake refuses bytes that its connection can't have read", async () => {
  for (const count of [(room: number) => room + 1, () => -1, () => 0.5, () => NaN]) {
    const error = await refusal(counting(count), {
      handshake: async (session) => void await session.readLine(),
    });
    assertEquals(error.reason, "handshake");
    assertStringIncludes(error.message, "expected read() to give null or 0 to 4096 bytes, got");
  }
});

Deno.test("a connection that gives nothing, again and again, ends a handshake in time", async () => {
  const error = await refusal(counting(() => 0), {
    connectTimeoutMs: 50,
    handshake: async (session) => void await session.readLine(),
  });
  assertEquals(error.reason, "connect_timeout");
});

Deno.test("startTls() refuses what it can't do", async () => {
  await using server = serve(async (conn) => {
    await send(conn, "STARTTLS ok\nplain text that must not count");
    await conn.read(new Uint8Array(1));
  });
  const early = await refusal(server.target, {
    handshake: async (session) => {
      await session.readLine();
      await session.startTls();
    },
  });
  assertEquals(early.reason, "handshake");
  assertStringIncludes(early.message, "not authenticated");
  const certified = await refusal(server.target, {
    handshake: (session) => session.startTls({ cert: "c", key: "k" }),
  });
  assert(certified.cause instanceof OptionError);
});

Deno.test("startTls() that nobody waits for ends a handshake by an error, not the program", async () => {
  await using noTls = serveBytes("this is no TLS");
  const plain = new ScriptedTransport(numbered(1));
  const refusals: [Target, DisconnectReason][] = [[noTls.target, "tls"], [plain, "handshake"]];
  const rejected = await unheard(async () => {
    for (const [target, reason] of refusals) {
      const error = await refusal(target, {
        handshake(session) {
          session.startTls();
          return Promise.resolve();
        },
      });
      assertEquals(error.reason, reason, error.message);
    }
  });
  assertEquals(rejected, []);
});

Deno.test("behind startTls() that failed nothing is written or read, caught or not", async () => {
  const transport = new ScriptedTransport(numbered(1));
  const error = await refusal(transport, {
    async handshake(session) {
      session.startTls().catch(() => {});
      await assertRejects(() => session.write("secret"), HandshakeError, "tcp");
      await assertRejects(() => session.read(), HandshakeError, "tcp");
    },
  });
  assertStringIncludes(error.message, "expected a tcp connection to go on in TLS");
  assertEquals([transport.written, transport.reads], [[], 0]);
});

Deno.test("startTls() that succeeds makes good one that was refused", async () => {
  await using server = serveThenWait();
  const error = await refusal(server.target, {
    connectTimeoutMs: 50,
    async handshake(session) {
      await session.startTls({ cert: "c", key: "k" }).catch(() => {});
      await session.startTls();
    },
  });
  // The server is silent: it was the second that the handshake waited for.
  assertEquals(error.reason, "connect_timeout");
});
