/** Ends that leave something undone: told, and no success. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inDirectory } from "../spill/harness.ts";
import { canMount } from "../spill/small_disk.ts";
import {
  readUntil,
  run,
  runOnSmallDisk,
  sends,
  sendsAndStays,
  start,
  TestServer,
  writeAll,
} from "./spillway.ts";

Deno.test({
  name: "connect --durable exits with 4 when the disk did not take all of the frames",
  ignore: !await canMount(),
  async fn() {
    await using server = new TestServer(async (conn) => {
      await writeAll(conn, new Uint8Array(4 * 1024 * 1024).fill(0x0a));
      await new Promise((resolve) => setTimeout(resolve, 1000));
    });
    const args = ["connect", server.address, "--spill", "/mnt/feed", "--durable", "--count"];
    const ended = await runOnSmallDisk(["-A"], [...args, "--duration", "600ms"], "/mnt");
    assertStringIncludes(ended.stderr, "the disk is full");
    assertMatch(ended.stdout, /^dropped +[\d,]+ for want of disk$/m);
    assertEquals(ended.code, 4, ended.stderr);
  },
});

Deno.test({
  name: "connect says on an interrupt that it waits for what is at hand, and for how long",
  ignore: Deno.build.os === "windows",
  async fn() {
    await inDirectory(async (directory) => {
      const handler = `${directory}/slow.ts`;
      const waits = 'console.log("begun"); return new Promise(() => {});';
      await Deno.writeTextFile(handler, `export default { batch() { ${waits} } };`);
      await using server = sendsAndStays("one\n");
      const args = ["connect", server.address, "--handler", handler, "--stop-timeout", "1500ms"];
      const child = start(["-A"], args);
      const stdout = child.stdout.getReader();
      await readUntil(stdout, "begun");
      child.kill("SIGINT");
      const stderr = await new Response(child.stderr).text();
      await stdout.cancel();
      assertEquals((await child.status).code, 130);
      const told = "ending: what is at hand has 1.500 s; interrupt again to end at once";
      assertStringIncludes(stderr, told);
    });
  },
});

Deno.test("connect says nothing of waiting where nothing is at hand", async () => {
  await using server = sends("one\n");
  const { code, stderr } = await run(["-A"], ["connect", server.address, "--duration", "5s"]);
  assertEquals(code, 0);
  assert(!stderr.includes("ending:"), stderr);
});
