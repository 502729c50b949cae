/** Isolated clients of TLS servers and of unix sockets. */
import { assertEquals, assertRejects } from "@std/assert";
import { DisconnectError } from "../../mod.ts";
import { handlerOf, scene } from "./harness.ts";

const testdata = (name: string): Promise<string> =>
  Deno.readTextFile(new URL(`../testdata/tls/${name}`, import.meta.url));

Deno.test("connectIsolated() trusts the certificates it is given, and no others", async () => {
  const listen = async () =>
    Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: await testdata("server.pem"),
      key: await testdata("server.key"),
    }) as unknown as Deno.Listener;
  const tls = (target: string) => `tls://${target}`;
  const handler = handlerOf("commands");
  const caCerts = [await testdata("ca.pem")];
  {
    await using it = await scene({ handler, tls: { caCerts } }, await listen(), tls);
    await it.say("say secret");
    assertEquals(await it.heard(2), ["open", "secret"]);
  }
  const other = { caCerts: [await testdata("other_ca.pem")] };
  const listener = await listen();
  const error = await assertRejects(
    () => scene({ handler, tls: other }, listener, tls),
    DisconnectError,
  );
  assertEquals(error.reason, "tls");
});

Deno.test({
  name: "connectIsolated() connects to a unix socket",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/feed.sock`;
    {
      const listener = Deno.listen({ transport: "unix", path }) as unknown as Deno.Listener;
      await using it = await scene(
        { handler: handlerOf("commands") },
        listener,
        () => `unix:${path}`,
      );
      await it.say("say near");
      assertEquals(await it.heard(2), ["open", "near"]);
    }
    await Deno.remove(directory, { recursive: true });
  },
});
