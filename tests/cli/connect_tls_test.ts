/** `spillway connect tls://…`. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Finished, run, writeAll } from "./spillway.ts";

const testdata = (name: string): string =>
  decodeURIComponent(new URL(`../testdata/tls/${name}`, import.meta.url).pathname);

/** Connects to a TLS server that sends a line, with these flags. */
async function connectTo(...flags: string[]): Promise<Finished> {
  const listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    cert: await Deno.readTextFile(testdata("server.pem")),
    key: await Deno.readTextFile(testdata("server.key")),
    alpnProtocols: ["feed"],
  });
  const served = listener.accept().then(async (conn) => {
    try {
      const { alpnProtocol } = await conn.handshake();
      await writeAll(conn, new TextEncoder().encode(`${alpnProtocol}\n`));
    } catch {
      // The client did not like the certificate.
    } finally {
      conn.close();
    }
  });
  const address = `127.0.0.1:${listener.addr.port}`;
  const files = flags.filter((flag) => flag.endsWith(".pem")).map((file) => `--allow-read=${file}`);
  const finished = await run(
    [`--allow-net=${address}`, ...files],
    ["connect", `tls://${address}`, ...flags],
  );
  await served;
  listener.close();
  return finished;
}

Deno.test("connect tls:// trusts --ca and offers --alpn", async () => {
  const { code, stdout } = await connectTo("--ca", testdata("ca.pem"), "--alpn", "feed");
  assertEquals([code, stdout], [0, "feed\n"]);
});

Deno.test("connect tls:// exits with 1 for a certificate that is not trusted", async () => {
  const { code, stdout, stderr } = await connectTo("--ca", testdata("other_ca.pem"));
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "the TLS handshake failed; check the certificate");
});
