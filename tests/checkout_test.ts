/** A program beside a checkout, as README.md says it takes the package from there. */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { numbered, serveBytes } from "./client/harness.ts";

const PROGRAM = `
import { connect } from "@spillway/spillway";
const client = await connect(Deno.args[0], {
  framing: { type: "length_field", initialBytesToStrip: 4 },
});
let frames = 0;
for await (const batch of client) frames += batch.count;
console.log(frames);
`;

Deno.test("a program links a checkout, and needs no right but to connect", async () => {
  await using server = serveBytes(numbered(3));
  const cwd = await Deno.makeTempDir();
  const root = fileURLToPath(import.meta.resolve("../"));
  const { version } = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  const imports = { "@spillway/spillway": `jsr:@spillway/spillway@${version}` };
  await Deno.writeTextFile(`${cwd}/deno.json`, JSON.stringify({ links: [root], imports }));
  await Deno.writeTextFile(`${cwd}/feed.ts`, PROGRAM);
  const args = ["run", "--no-prompt", `--allow-net=${server.target}`, "feed.ts", server.target];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args, cwd }).output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, "3\n"]);
  await Deno.remove(cwd, { recursive: true });
});
