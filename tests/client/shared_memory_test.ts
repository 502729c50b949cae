/** A client with shared memory reads whatever a plain one reads. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, OptionError, type Target, type TlsOptions } from "../../mod.ts";
import { coreModule } from "../../src/core/module.ts";
import { collectNumbers, connected, numbered, send, serve, type Server, upTo } from "./harness.ts";

const FRAMES = 20_000;
const STREAM = numbered(FRAMES, 60);
const TLS = new URL("../testdata/tls/", import.meta.url);

function serving(listener?: Deno.Listener): Server {
  return serve((conn) => send(conn, STREAM), listener);
}

async function assertReads(target: Target, tls?: TlsOptions): Promise<void> {
  await using client = await connected(target, { sharedMemory: true, tls });
  assertEquals(await collectNumbers(client), upTo(FRAMES));
}

Deno.test("sharedMemory: tcp is read", async () => {
  await using server = serving();
  await assertReads(server.target);
});

Deno.test("sharedMemory: TLS is read", async () => {
  const [cert, key, ca] = await Promise.all(
    ["server.pem", "server.key", "ca.pem"].map((name) => Deno.readTextFile(new URL(name, TLS))),
  );
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  await using server = serving(listener as unknown as Deno.Listener);
  await assertReads(`tls://localhost:${server.port}`, { caCerts: [ca] });
});

Deno.test("sharedMemory: web streams are read", async () => {
  const { writable } = new TransformStream<Uint8Array, Uint8Array>();
  const chunks = [STREAM.slice(0, 70_001), STREAM.slice(70_001)];
  await assertReads({ readable: ReadableStream.from(chunks), writable });
});

Deno.test("sharedMemory: batches lie in shared memory, their copies do not", async () => {
  await using server = serving();
  await using client = await connected(server.target, { sharedMemory: true });
  let batches = 0;
  for await (const batch of client) {
    batches += 1;
    assert(batch.bytes.buffer instanceof SharedArrayBuffer);
    const copy = batch.copy();
    assert(copy.bytes.buffer instanceof ArrayBuffer && copy.offsets.buffer instanceof ArrayBuffer);
    assertEquals(copy.text(0), batch.text(0));
  }
  assert(batches > 0);
});

Deno.test("sharedMemory: a plain core and other values are refused", async () => {
  const framing = { type: "lines" } as const;
  const wrong = { framing, sharedMemory: "yes" as unknown as boolean };
  assertEquals(
    (await assertRejects(() => connect("x:1", wrong), OptionError)).option,
    "sharedMemory",
  );
  const plain = { framing, sharedMemory: true, module: coreModule() };
  assertEquals((await assertRejects(() => connect("x:1", plain), OptionError)).option, "module");
});
