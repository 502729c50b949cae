/** `spillway connect --handler`: modules of the user's. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Finished, floods, run, runInShell, sends, type TestServer } from "./spillway.ts";

/** A directory with a handler file. */
async function handlerFile(source: string): Promise<AsyncDisposable & { file: string }> {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/handler.ts`;
  await Deno.writeTextFile(file, source);
  return { file, [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }) };
}

/** Feeds a handler with what the server sends. */
async function feed(server: TestServer, source: string, ...args: string[]): Promise<Finished> {
  await using handler = await handlerFile(source);
  return await run(
    [`--allow-net=${server.address}`, `--allow-read=${handler.file}`],
    ["connect", server.address, "--handler", handler.file, ...args],
  );
}

Deno.test("connect --handler opens, feeds and closes a module's default export", async () => {
  await using server = sends("1\n20\n300\n");
  const { code, stdout, stderr } = await feed(
    server,
    `let sum = 0;
     export default {
       open() { console.log("open"); },
       batch(batch: any) { for (let i = 0; i < batch.count; i++) sum += Number(batch.text(i)); },
       async close() { await 0; console.log("sum", sum); },
     };`,
  );
  assertEquals([code, stdout], [0, "open\nsum 321\n"]);
  assertStringIncludes(stderr, "frames      3 in ");
});

Deno.test({
  name:
    "connect --isolation process takes --allow-run=deno where deno on PATH is a link, as npm's is",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using handler = await handlerFile("export default { batch() {} };");
    await using server = sends("1\n2\n");
    const bin = handler.file.replace("handler.ts", "bin");
    await Deno.mkdir(bin);
    await Deno.symlink(Deno.execPath(), `${bin}/deno`);
    const { code, stderr } = await runInShell(
      `PATH=${bin} exec "$@"`,
      [`--allow-net=${server.address}`, `--allow-read=${handler.file}`, "--allow-run=deno"],
      ["connect", server.address, "--handler", handler.file, "--isolation", "process"],
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "frames      2 in ");
  },
});

Deno.test("connect --handler hands columns over", async () => {
  await using server = sends("a1\nb2\n");
  const { code, stdout } = await feed(
    server,
    `const seen: number[] = [];
     export default {
       batch(batch: any) { seen.push(...batch.columns.second); },
       close() { console.log(seen.join()); },
     };`,
    ...["--column", "second:u8@1"],
  );
  assertEquals([code, stdout], [0, "49,50\n"]);
});

Deno.test("connect --handler ends at --limit", async () => {
  await using server = floods("0123456789abcdef\n");
  const { code, stderr } = await feed(
    server,
    `export default { async batch() { await 0; } };`,
    ...["--limit", "1000", "--json"],
  );
  const summary = JSON.parse(stderr.trim().split("\n").at(-1)!);
  assertEquals([code, summary.end], [0, "limit"]);
  assert(summary.frames >= 1000);
});

Deno.test("connect exits with 4 and says where when the handler fails", async () => {
  await using server = sends("one\n");
  const sources = [
    `export default { batch() { throw new Error("too much"); } };`,
    `export default { async batch() { await 0; throw new Error("too much"); } };`,
    `export default { open() { throw new Error("too much"); }, batch() {} };`,
    `export default { batch() {}, close() { throw new Error("too much"); } };`,
  ];
  for (const source of sources) {
    const { code, stderr } = await feed(server, source);
    assertEquals(code, 4, source);
    assertStringIncludes(stderr, "spillway connect: the handler threw");
    assertStringIncludes(stderr, ": too much\n");
    assertStringIncludes(stderr, "handler.ts:1:");
    assertStringIncludes(stderr, "\nend         stopped by an error\n");
  }
});

Deno.test("connect exits with 4 when the handler file is no handler", async () => {
  await using server = sends("one\n");
  const cases: [string, string][] = [
    ["export const batch = 1;", "must have export default { batch(batch) { … } }, got no default"],
    [
      "export default { batch: 1 };",
      "must have export default { batch(batch) { … } }, got one with { batch: number }",
    ],
    ["export default {", "cannot be loaded: "],
    ["throw new Error('at once');", "cannot be loaded: at once"],
  ];
  for (const [source, message] of cases) {
    const { code, stdout, stderr } = await feed(server, source);
    assertEquals([code, stdout], [4, ""], source);
    assertStringIncludes(stderr, message);
    assert(!stderr.includes("connected"), "nothing is connected for it");
  }
});

Deno.test("connect exits with 3 and names the flag when the handler lacks a permission", async () => {
  await using server = sends("one\n");
  await using handler = await handlerFile(
    `export default { batch() { Deno.readTextFileSync("input.txt"); } };`,
  );
  const args = ["connect", server.address, "--handler", handler.file];
  const net = `--allow-net=${server.address}`;
  const unread = await run([net], args);
  assertEquals(unread.code, 3);
  assertStringIncludes(unread.stderr, `run again with --allow-read=${handler.file}`);
  const inside = await run([net, `--allow-read=${handler.file}`], args);
  assertEquals(inside.code, 3);
  assertStringIncludes(inside.stderr, "the handler needs read access to input.txt");
  assertStringIncludes(inside.stderr, "run again with --allow-read=input.txt");
});
