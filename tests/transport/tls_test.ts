/** TLS: drained whole, cut short, refused, and begun in the middle. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect, OptionError, type Target, type TlsOptions } from "../../mod.ts";
import {
  assertEnds,
  collect,
  collectNumbers,
  connected,
  FRAMING,
  numbered,
  numbersOf,
  receive,
  refusal,
  send,
  serve,
  type Server,
  serveThenWait,
  until,
  upTo,
  within,
} from "../client/harness.ts";
import { linesOf } from "../servers/lines.ts";

const path = (name: string) => new URL(`../testdata/tls/${name}`, import.meta.url).pathname;
const pem = (name: string) => Deno.readTextFileSync(path(name));
const CA: TlsOptions = { caCerts: [pem("ca.pem")] };
const CERTIFIED = { cert: pem("server.pem"), key: pem("server.key") };

async function has(program: string): Promise<boolean> {
  try {
    await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" })
      .output();
    return true;
  } catch {
    return false;
  }
}

/** Like `serve()`, in TLS; the service begins when the handshake is done. */
function serveTls(
  service: (conn: Deno.TlsConn) => Promise<void>,
  options: Partial<Deno.ListenTlsOptions & Deno.TlsCertifiedKeyPem> = {},
): Server {
  const listener = Deno.listenTls({
    ...{ hostname: "127.0.0.1", port: 0, ...CERTIFIED },
    ...options,
  });
  return serve(async (conn) => {
    await (conn as Deno.TlsConn).handshake();
    await service(conn as Deno.TlsConn);
  }, listener);
}

/** Passes bytes both ways between a client and `port`; `cut()` ends the client's side without a word of TLS. */
function tunnel(port: number): { server: Server; cut: () => void } {
  let client: Deno.Conn | undefined;
  const server = serve(async (conn) => {
    client = conn;
    using inner = await Deno.connect({ hostname: "127.0.0.1", port });
    const pass = async (from: Deno.Conn, to: Deno.Conn) => {
      const buffer = new Uint8Array(65_536);
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        await send(to, buffer.subarray(0, n));
      }
    };
    await Promise.race([pass(conn, inner), pass(inner, conn)].map((end) => end.catch(() => {})));
  });
  return { server, cut: () => client?.close() };
}

for (const chunks of [1, 2, 5]) {
  Deno.test(`tls:// drains ${chunks} × 64 KiB followed by silence whole`, async () => {
    const count = chunks * 1024;
    await using server = serveTls(async (conn) => {
      await send(conn, numbered(count, 60));
      await conn.read(new Uint8Array(1));
    });
    await using client = await connected(`tls://${server.target}`, { tls: CA });
    const numbers: number[] = [];
    for await (const batch of client) {
      numbers.push(...numbersOf(batch));
      if (numbers.length === count) break;
    }
    assertEquals(numbers, upTo(count));
  });
}

Deno.test("a tls target may be an object with options of its own", async () => {
  await using server = serveTls((conn) => send(conn, numbered(3)));
  const target = { hostname: "localhost", port: server.port, tls: CA };
  await using client = await connected(target);
  assertEquals(await collectNumbers(client), upTo(3));
});

Deno.test("tls.alpnProtocols are offered", async () => {
  const agreed = Promise.withResolvers<string | null>();
  await using server = serveTls(async (conn) => {
    agreed.resolve((await conn.handshake()).alpnProtocol);
  }, { alpnProtocols: ["feed/2", "feed/1"] });
  const tls = { ...CA, alpnProtocols: ["feed/1"] };
  await using _client = await connected(`tls://${server.target}`, { tls });
  assertEquals(await within(agreed.promise, "protocol"), "feed/1");
});

for (const [cutAt, reason] of [[0, "eof"], [3, "eof_in_frame"]] as const) {
  Deno.test(`a TLS connection cut without close_notify ends with ${reason}`, async () => {
    const stream = numbered(5000, 60).subarray(0, 4999 * 64 + cutAt);
    await using inner = serveTls(async (conn) => {
      await send(conn, stream);
      await conn.read(new Uint8Array(1));
    });
    const { server, cut } = tunnel(inner.port);
    await using outer = server;
    await using client = await connected(`tls://${outer.target}`, { tls: CA });
    const numbers: number[] = [];
    const all = Promise.withResolvers<void>();
    const running = client.run({
      batch(batch) {
        numbers.push(...numbersOf(batch));
        if (numbers.length === 4999) all.resolve();
      },
    });
    await within(all.promise, "frames");
    await until(() => client.stats().bytesRead === stream.length, "rest");
    cut();
    await within(running.catch(() => {}), "end");
    assertEquals(numbers, upTo(4999));
    const end = await assertEnds(client, reason);
    assertEquals(end.report.bytes, stream.length);
  });
}

Deno.test("certificates that don't fit are told as tls", async () => {
  await using server = serveTls((conn) => send(conn, numbered(1)));
  const target = `tls://${server.target}`;
  const wrong: [TlsOptions, string][] = [
    [{}, "give its own as tls.caCerts"],
    [{ caCerts: [pem("other_ca.pem")] }, "UnknownIssuer"],
    [{ ...CA, serverName: "example.org" }, "a name it has is given as tls.serverName, or as"],
  ];
  for (const [tls, says] of wrong) {
    const error = await refusal(target, { tls });
    assertEquals([error.reason, error.report.verdict.kind], ["tls", "no_connection"]);
    assertStringIncludes(error.message, says);
  }
});

Deno.test("what is wrong with a server's certificate is told with what to do about it", async () => {
  const wrong = [
    ["self_signed", pem("self_signed.pem"), "have it made with basicConstraints=critical,CA:FALSE"],
    ["nameless", pem("ca.pem"), "have it made with a subjectAltName"],
    ["expired", pem("ca.pem"), "have it renewed, or set this machine's clock"],
  ];
  for (const [name, ca, cure] of wrong) {
    const certified = { cert: pem(`${name}.pem`), key: pem(`${name}.key`) };
    await using server = serveTls((conn) => send(conn, numbered(1)), certified);
    const error = await refusal(`tls://${server.target}`, { tls: { caCerts: [ca] } });
    assertEquals(error.reason, "tls");
    assertStringIncludes(error.message, cure);
  }
});

Deno.test("a server that speaks no TLS is told as tls", async () => {
  for (const answer of ["HTTP/1.1 400 Bad Request\r\n\r\n", ""]) {
    await using server = serve(async (conn) => {
      await conn.read(new Uint8Array(1000));
      await send(conn, answer);
    });
    assertEquals((await refusal(`tls://${server.target}`, { tls: {} })).reason, "tls");
  }
});

Deno.test("tls.serverName is what the certificate must name", async () => {
  await using server = serveTls((conn) => send(conn, numbered(1)));
  const tls = { ...CA, serverName: "localhost" };
  await using client = await connected(`tls://${server.target}`, { tls });
  assertEquals(await collectNumbers(client), [0]);
});

Deno.test("a server name that is none leaves no connection behind", async () => {
  await using server = serve(async (conn) => void await conn.read(new Uint8Array(1)));
  const error = await refusal(`tls://${server.target}`, { tls: { serverName: "not a host" } });
  assertStringIncludes(error.message, "not a host");
});

Deno.test("tls options that would be ignored are refused", async () => {
  const key = pem("client.key");
  const cert = pem("client.pem");
  const wrong: [Target, TlsOptions][] = [
    ["tls://localhost:1", { cert }],
    ["tls://localhost:1", { key }],
    ["tls://localhost:1", { cert, key, serverName: "example.org" }],
    ["localhost:1", CA],
    ["unix:/x.sock", CA],
    [{ hostname: "localhost", port: 1, tls: {} }, CA],
  ];
  for (const [target, tls] of wrong) {
    await assertRejects(() => connect(target, { framing: FRAMING, tls }), OptionError, "tls");
  }
});

Deno.test({
  name: "tls.cert and tls.key identify the client",
  ignore: !await has("python3"),
  fn: async () => {
    const server = new Deno.Command("python3", {
      args: [
        new URL("../servers/mtls.py", import.meta.url).pathname,
        ...["--ca", path("ca.pem"), "--cert", path("server.pem"), "--key", path("server.key")],
        ...["--connections", "2"],
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const stdin = server.stdin.getWriter();
    await stdin.write(numbered(20_000, 60));
    await stdin.close();
    const lines = linesOf(server.stdout);
    const port = Number((await within(lines.next(), "port")).value);

    const certified = {
      ...CA,
      cert: pem("client.pem"),
      key: pem("client.key"),
      alpnProtocols: ["feed/1"],
    };
    await using client = await connected(`tls://localhost:${port}`, { tls: certified });
    assertEquals(await collectNumbers(client), upTo(20_000));
    await assertEnds(client, "eof");
    assertEquals((await within(lines.next(), "name")).value, "Spillway test client feed/1");

    // Without one the server lets the client begin, then refuses: TLS 1.3 tells at the first read.
    await using stranger = await connected(`tls://localhost:${port}`, { tls: CA });
    const { end } = await collect(stranger);
    assertEquals(end.reason, "tls", end.message);
    assertEquals((await within(lines.next(), "refusal")).value, "refused");
    await lines.return();
    assert((await server.status).success);
  },
});

/** A server that says "go", and goes on in TLS. */
function serveStartTls(
  service: (conn: Deno.Conn) => Promise<void> = (conn) => send(conn, numbered(3)),
): Server {
  const inner = serveTls(service);
  const outer = serve(async (conn) => {
    assertEquals(await receive(conn, 9), "STARTTLS\n");
    await send(conn, "go\n");
    using tls = await Deno.connect({ hostname: "127.0.0.1", port: inner.port });
    await Promise.race([
      conn.readable.pipeTo(tls.writable).catch(() => {}),
      tls.readable.pipeTo(conn.writable).catch(() => {}),
    ]);
  });
  return {
    ...outer,
    async [Symbol.asyncDispose]() {
      await outer[Symbol.asyncDispose]();
      await inner[Symbol.asyncDispose]();
    },
  };
}

Deno.test("startTls() goes on in TLS, and the feed begins there", async () => {
  await using server = serveStartTls();
  await using client = await connected(server.target, {
    handshake: async (session) => {
      await session.write("STARTTLS\n");
      assertEquals(await session.readLine(), "go");
      await session.startTls({ ...CA, serverName: "localhost" });
    },
  });
  assertEquals(await collectNumbers(client), upTo(3));
});

Deno.test("what a handshake reads and writes behind startTls() is in TLS, waited for or not", async () => {
  const heard = Promise.withResolvers<string>();
  await using server = serveStartTls(async (conn) => {
    heard.resolve(await receive(conn, 6));
    await send(conn, "hello\n");
    await send(conn, numbered(3));
  });
  await using client = await connected(server.target, {
    handshake: async (session) => {
      await session.write("STARTTLS\n");
      assertEquals(await session.readLine(), "go");
      session.startTls({ ...CA, serverName: "localhost" });
      session.write("secret");
      assertEquals(await session.readLine(), "hello");
    },
  });
  assertEquals(await within(heard.promise, "what was written"), "secret");
  assertEquals(await collectNumbers(client), upTo(3));
});

Deno.test("a handshake that fails behind startTls() leaves no connection behind", async () => {
  await using server = serveStartTls();
  const error = await refusal(server.target, {
    handshake: async (session) => {
      await session.write("STARTTLS\n");
      await session.readLine();
      await session.startTls({ ...CA, serverName: "localhost" });
      throw new Error("changed my mind");
    },
  });
  assertEquals(error.reason, "handshake");
});

Deno.test("startTls() with a wrong CA is told as tls", async () => {
  await using server = serveStartTls();
  const error = await refusal(server.target, {
    handshake: async (session) => {
      await session.write("STARTTLS\n");
      await session.readLine();
      await session.startTls({ caCerts: [pem("other_ca.pem")] });
    },
  });
  assertEquals(error.reason, "tls");
});

Deno.test("connectTimeoutMs bounds startTls() with a server that never answers", async () => {
  await using server = serveThenWait();
  const error = await refusal(server.target, {
    connectTimeoutMs: 50,
    handshake: (session) => session.startTls(CA),
  });
  assertEquals(error.reason, "connect_timeout");
});
