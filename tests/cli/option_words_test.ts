/** Options are called as who runs a command has set them. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { run, sends, sendsAndStays } from "./spillway.ts";

Deno.test("the end of a silent connection names the flag and its value, or the key of the file", async () => {
  await using server = sendsAndStays("a\n");
  const { code, stderr } = await server.connect("--idle-timeout", "200ms");
  assertEquals(code, 1);
  assertStringIncludes(stderr, ": no byte came for longer than --idle-timeout (200 ms): ");
  const json = await server.connect("--idle-timeout", "200ms", "--json");
  assertStringIncludes(json.stderr, ": no byte came for longer than --idle-timeout (200 ms): ");
  const file = await Deno.makeTempFile();
  try {
    const config = { target: server.address, idleTimeout: "200ms" };
    await Deno.writeTextFile(file, JSON.stringify(config));
    const rights = [`--allow-net=${server.address}`, `--allow-read=${file}`];
    const configured = await run(rights, ["connect", "--config", file]);
    assertStringIncludes(configured.stderr, "for longer than idleTimeout (200 ms): ");
    await Deno.writeTextFile(file, JSON.stringify({ ...config, highWater: "90GB" }));
    const refused = await run(rights, ["connect", "--config", file]);
    assertEquals(refused.code, 2);
    assertStringIncludes(
      refused.stderr,
      `spillway connect: ${file}: highWater takes bytes above 0`,
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a frame that is too long names the flag that allows more", async () => {
  await using server = sends("abc\n");
  const { stderr } = await server.connect("--max-frame-length", "2");
  assertStringIncludes(stderr, "at most 2 bytes, got 3 (see --max-frame-length)");
});

Deno.test("doctor names --filter for what is wrong with it", async () => {
  const file = await Deno.makeTempFile();
  try {
    const args = ["doctor", file, "--filter"];
    const address = await run([`--allow-read=${file}`], [...args, "foo"]);
    assertEquals([address.code, address.stderr], [
      2,
      'spillway doctor: --filter takes a numeric IP address, got "foo"\n',
    ]);
    const port = await run([`--allow-read=${file}`], [...args, ":77777"]);
    assertStringIncludes(port.stderr, "the port of --filter takes a port from 0 to 65535, got");
  } finally {
    await Deno.remove(file);
  }
});
