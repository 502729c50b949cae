/** `spillway connect --handler FILE --watch`: files edited under a feed that does not stop. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { numbered, until } from "../client/harness.ts";
import { assertLog } from "../isolation/reload_harness.ts";
import { PATIENCE_MS } from "../isolation/runs.ts";
import { inDirectory } from "../spill/harness.ts";
import { run, sends, TestServer, writeAll } from "./spillway.ts";
import { Watched } from "./watched.ts";

const OWN_SOURCE = fileURLToPath(new URL("../../src", import.meta.url));
const FRAMED = ["--framing", "length_field", "--initial-bytes-to-strip", "4"];

/** Says which version it is; what it does is in a module below it. */
const handlerOf = (version: string): string =>
  `import { handler } from "./lib/log.ts";
   import parts from "./lib/parts.json" with { type: "json" };
   export default handler([${version}, parts.dep].join("/"));`;

/** Logs as the handler of the same name in the tests of the library. */
const libraryOf = (log: string, mark = ""): string =>
  `const log = (...words: unknown[]) =>
     Deno.writeTextFileSync(${JSON.stringify(log)}, words.join(" ") + "\\n", { append: true });
   export const handler = (said: string, version = said + "${mark}") => ({
     open() { log("open", version); },
     batch(batch: any) {
       const first = batch.u32(0, 0);
       for (let i = 0; i < batch.count; i++) {
         if (batch.u32(i, 0) !== first + i) log("gap at", first + i);
       }
       log("batch", version, first, batch.count);
     },
     async close() { await 0; log("close", version); },
   });`;

/** As many editors save: the new text is never to be seen in part. */
async function saveByRename(file: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${file}.tmp~`, text);
  await Deno.rename(`${file}.tmp~`, file);
}

/** As others do: emptied, then written bit by bit. */
async function saveInPieces(file: string, text: string): Promise<void> {
  using open = await Deno.open(file, { write: true, truncate: true });
  for (const byte of new TextEncoder().encode(text)) await open.write(Uint8Array.of(byte));
}

for (const isolation of ["inline", "worker", "process"]) {
  Deno.test(`connect --watch takes each frame once over eight saves (${isolation})`, async () => {
    await inDirectory(async (directory) => {
      const [file, log] = [`${directory}/handler.ts`, `${directory}/log`];
      await Deno.mkdir(`${directory}/lib`);
      await Deno.writeTextFile(file, handlerOf("1"));
      await Deno.writeTextFile(`${directory}/lib/log.ts`, libraryOf(log));
      await Deno.writeTextFile(`${directory}/lib/parts.json`, `{ "dep": "a" }`);
      let sent = 0;
      let ended = false;
      await using server = new TestServer(async (conn) => {
        while (!ended) {
          await writeAll(conn, numbered(500, 60, sent));
          sent += 500;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      });
      const rights: Record<string, string[]> = {
        inline: [`--allow-read=${directory}`],
        worker: ["--unstable-worker-options", `--allow-read=${directory},${OWN_SOURCE}`],
        process: [`--allow-read=${directory}`, `--allow-run=${Deno.execPath()}`],
      };
      await using cli = new Watched(
        [`--allow-net=${server.address}`, `--allow-write=${directory}`, ...rights[isolation]],
        [
          ...["connect", server.address, ...FRAMED, "--handler", file, "--watch"],
          ...(isolation === "inline"
            ? []
            : ["--isolation", isolation, "--grant", `handler:write=${log}`]),
        ],
      );
      const logged = async (text: string) => {
        let seen = "";
        const looking = setInterval(async () => {
          seen = await Deno.readTextFile(log).catch(() => "");
        }, 10);
        await until(() => seen.includes(text), `${text} in the log`, PATIENCE_MS)
          .finally(() => clearInterval(looking));
      };
      /** Saves, and waits for what is said of it. */
      const saved = async (saving: Promise<void>, expected: string) => {
        const from = cli.said.length;
        await saving;
        await cli.says(expected, from);
      };
      await logged("batch 1/a");
      const good = "the handler: reloaded in ";
      const bad = "the handler: not reloaded, the old one goes on: ";
      await saved(Deno.writeTextFile(file, handlerOf("2")), good);
      await logged("batch 2/a");
      await saved(saveByRename(file, handlerOf("3")), good);
      await saved(saveInPieces(file, "export default {"), bad);
      await saved(saveByRename(file, handlerOf("4")), good);
      // What it imports, two levels down and in JSON, too.
      await saved(saveByRename(`${directory}/lib/parts.json`, `{ "dep": "b" }`), good);
      await logged("batch 4/b");
      await saved(
        Deno.writeTextFile(
          `${directory}/lib/log.ts`,
          `export const handler = () => ({ open() { throw new Error("no disk") }, batch() {} });`,
        ),
        `${bad}no disk`,
      );
      await saved(saveInPieces(`${directory}/lib/log.ts`, libraryOf(log, "+")), good);
      await saved(saveInPieces(file, handlerOf("5")), good);
      await logged("batch 5/b+");
      ended = true;
      assertEquals(await cli.ended(), 0, cli.said);
      const versions = ["1/a", "2/a", "3/a", "4/a", "4/b", "4/b+", "5/b+"];
      assertLog(await Deno.readTextFile(log), sent, versions);
      assertEquals(cli.said.split("connected to").length, 2, cli.said);
      assert(!cli.said.includes("dropped     "), cli.said);
    });
  });
}

Deno.test("connect --watch tells of a broken module in one line, with the place", async () => {
  await inDirectory(async (directory) => {
    const file = `${directory}/handler.ts`;
    await Deno.writeTextFile(file, "export default { batch() {} };");
    let ended = false;
    await using server = new TestServer(async (conn) => {
      while (!ended) {
        await writeAll(conn, numbered(1));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    await using cli = new Watched(
      [`--allow-net=${server.address}`, `--allow-read=${directory}`],
      ["connect", server.address, ...FRAMED, "--handler", file, "--watch", "--json"],
    );
    await cli.says('"connected"');
    await saveByRename(file, "export default {\n  batch( };");
    await cli.says('"reload_failed"');
    const schema = `export const schema = { depth: { type: "number" } };`;
    await saveByRename(file, `${schema} export default { batch() {} };`);
    await cli.says("--set handler.depth: expected a number, got nothing");
    await saveByRename(file, "export default { batch() {}, close() {} };");
    await cli.says('"reloaded"');
    ended = true;
    assertEquals(await cli.ended(), 0, cli.said);
    const records = cli.said.trim().split("\n").map((line) => JSON.parse(line));
    const [failed] = records.filter(({ type }) => type === "reload_failed");
    assertEquals([failed.handler, failed.running], ["handler", "old"]);
    assert(
      /^the handler file \S+ cannot be loaded: .*handler\.ts\?reload=1:2:/s.test(failed.error),
    );
    const [reloaded] = records.filter(({ type }) => type === "reloaded");
    assert(reloaded.reloadMs > 0);
  });
});

Deno.test("connect --watch names the directory it may not read", async () => {
  await using server = sends("1\n");
  await inDirectory(async (directory) => {
    const file = `${directory}/handler.ts`;
    await Deno.writeTextFile(file, "export default { batch() {} };");
    const { code, stderr } = await run(
      [`--allow-net=${server.address}`, `--allow-read=${file}`],
      ["connect", server.address, "--handler", file, "--watch"],
    );
    assertEquals(code, 3, stderr);
    assertStringIncludes(
      stderr,
      `--watch needs read access to ${directory}, run again with --allow-read=${directory}`,
    );
  });
});

Deno.test("connect --watch without a handler is a wrong command line", async () => {
  const { code, stderr } = await run([], ["connect", "127.0.0.1:1", "--watch"]);
  assertEquals([code, stderr.trim()], [2, "spillway connect: --watch needs --handler"]);
});
