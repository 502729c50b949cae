import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { demo } from "../../cli/demo.ts";
import { FrameHandler } from "../../cli/demo/handler.ts";
import { payloads } from "../../cli/demo/load.ts";
import { run } from "./spillway.ts";

Deno.test("FrameHandler.expected() is what handling every frame comes to", () => {
  const feed = payloads();
  const count = feed.length + 7;
  const handler = new FrameHandler(2);
  for (let i = 0; i < count; i++) handler.handle(feed[i % feed.length]);
  assertEquals(handler.frames, count);
  assertEquals(handler.checksum, FrameHandler.expected(feed, count, 2));
});

Deno.test("FrameHandler.checksum tells a missing frame and a wrong order", () => {
  const [a, b, c] = payloads();
  const checksumOf = (...frames: Uint8Array[]): number => {
    const handler = new FrameHandler(1);
    for (const frame of frames) handler.handle(frame);
    return handler.checksum;
  };
  assertNotEquals(checksumOf(a, b, c), checksumOf(a, c));
  assertNotEquals(checksumOf(a, b, c), checksumOf(a, c, b));
});

Deno.test("demo() takes no arguments", async () => {
  assertEquals(await demo(["--fast"]), 2);
});

Deno.test("demo exits with 3 and names the flag when it may not start processes", async () => {
  const { code, stderr } = await run(["--allow-net=127.0.0.1"], ["demo"]);
  assertEquals(code, 3);
  assertStringIncludes(stderr, "run again with --allow-run=deno\n");
});
