import { getAvailablePort } from "@std/net";
import { assertEquals, assertNotEquals } from "@std/assert";

Deno.test("getAvailablePort() gives a port one can listen on", () => {
  const port = getAvailablePort();
  using listener = Deno.listen({ port });
  assertEquals(listener.addr.port, port);
});

Deno.test("getAvailablePort() prefers a port, and takes another when that is in use", () => {
  const preferredPort = getAvailablePort();
  assertEquals(getAvailablePort({ preferredPort }), preferredPort);
  using _taken = Deno.listen({ port: preferredPort });
  assertNotEquals(getAvailablePort({ preferredPort }), preferredPort);
});
