/** examples/durable.ts and examples/isolated/client.ts, killed in the middle, again and again. */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { generatedFeed } from "../push/generate.ts";
import { startPushServer } from "../push/server.ts";

const LINES = 100_000;
const KILLS = 3;

/** The examples, and what they need beside the server and the directory. */
const EXAMPLES: Readonly<Record<string, { flags: string[]; read: string[] }>> = {
  "examples/durable.ts": { flags: [], read: [] },
  "examples/isolated/client.ts": {
    flags: ["--unstable-worker-options"],
    read: ["src", "examples/isolated"],
  },
};

function start(example: string, address: string, directory: string): Deno.ChildProcess {
  const { flags, read } = EXAMPLES[example];
  const rights = [`--allow-read=${[directory, ...read].join()}`, `--allow-write=${directory}`];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...flags, `--allow-net=${address}`, ...rights].concat(
      [example, address, directory],
    ),
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Whole lines a process printed until it ended, or until there were `enough`: then it is killed. */
async function linesOf(child: Deno.ChildProcess, enough = Infinity): Promise<number[]> {
  let text = "";
  let killed = false;
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (killed || text.length < enough * 11) continue;
    child.kill("SIGKILL");
    killed = true;
  }
  return text.split("\n").slice(0, -1).map(Number);
}

for (const example of Object.keys(EXAMPLES)) {
  Deno.test(`${example} goes on with what it had read and not handled, however often it is killed`, async () => {
    const directory = await Deno.makeTempDir();
    const seen = new Set<number>();
    // Each process gets a connection of its own with all the lines, as after a server's restart.
    const feed = generatedFeed({ type: "lines" }, { size: 10, period: LINES });
    await using server = await startPushServer({ feed, frames: LINES, clients: KILLS + 1 });
    const address = `127.0.0.1:${server.port}`;
    for (let i = 0; i < KILLS; i++) {
      const child = start(example, address, directory);
      const [lines] = await Promise.all([linesOf(child, 2000), new Response(child.stderr).text()]);
      assertGreater(lines.length, 0);
      for (const line of lines) seen.add(line);
      assertEquals((await child.status).success, false);
    }
    const last = start(example, address, directory);
    const [lines, said] = await Promise.all([linesOf(last), new Response(last.stderr).text()]);
    assertEquals((await last.status).code, 0, said);
    assertMatch(said, /^\d+ lines, [1-9]\d* of them from an earlier run$/m);
    // Behind the lines of earlier runs, each of which begins where the one before was, comes all of its own.
    assertEquals(lines.slice(-LINES), Array.from({ length: LINES }, (_, i) => i));
    const recovered = lines.slice(0, -LINES);
    const gaps = recovered.filter((line, i) =>
      i > 0 && line !== recovered[i - 1] + 1 && line !== 0
    );
    assertEquals(gaps, [], "recovered lines that are missing");
    assert(
      recovered[0] <= Math.max(...seen) + 1,
      "the first recovered line follows what was handled",
    );
    await Deno.remove(directory, { recursive: true });
  });
}
