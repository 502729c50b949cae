/** A core that the caller brings. */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { EXPECTED, startFeed } from "./harness.ts";

/** Not a file: `deno check` does not know source imports. */
function program(port: number): string {
  return `
    import source core from "./core.wasm";
    import { connect } from "./mod.ts";
    const client = await connect("127.0.0.1:${port}", {
      framing: { type: "length_field", initialBytesToStrip: 4 },
      module: core,
    });
    let sum = 0;
    for await (const batch of client) {
      for (let i = 0; i < batch.count; i++) sum += batch.u32(i, 0);
    }
    console.log(JSON.stringify({ frames: client.stats().frames, sum }));
  `;
}

Deno.test("connect() takes a core imported by source", async () => {
  await using server = await startFeed();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--allow-net=127.0.0.1:${server.port}`, "-"],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program(server.port)));
  await writer.close();
  const { stdout } = await child.output();
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), EXPECTED);
});
