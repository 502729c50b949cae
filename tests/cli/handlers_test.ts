/** `spillway connect` with several handlers, in places of their own, that fail. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inDirectory } from "../spill/harness.ts";
import {
  appending,
  FAILING,
  feed,
  jsonOf,
  RUN_DENO,
  SILENT,
  summaryOf,
  WORKERS,
} from "./handler_runs.ts";
import { type Finished, readUntil, run, sends, sendsAndStays, start } from "./spillway.ts";

Deno.test("connect gives several handlers every frame, and counts for each", async () => {
  await using server = sends("1\n2\n3\n");
  await inDirectory(async (directory) => {
    const said = `export default { batch(batch) {
      for (let i = 0; i < batch.count; i++) console.log(name + batch.text(i));
    } };`;
    const sources = { a: `const name = "a";${said}`, b: `const name = "b";${said}` };
    const text = await feed(server, directory, sources, []);
    assertEquals([text.code, text.stdout.trim().split("\n").sort()], [
      0,
      ["a1", "a2", "a3", "b1", "b2", "b3"],
    ]);
    assertStringIncludes(text.stderr, "\na           3 frames in ");
    assertStringIncludes(text.stderr, "\nb           3 frames in ");
    const shared = await feed(
      server,
      directory,
      sources,
      [],
      "--partition",
      "round_robin",
      "--json",
    );
    const { handlers, frames } = summaryOf(shared);
    assertEquals(frames, 3);
    assertEquals(handlers.a.framesDelivered + handlers.b.framesDelivered, 3);
    assertEquals(shared.stdout.trim().split("\n").length, 3);
  });
});

for (const [isolation, rights] of [["inline", []], ["worker", WORKERS]] as const) {
  Deno.test(`two handlers of one file share nothing (${isolation})`, async () => {
    await using server = sends("1\n2\n3\n");
    await inDirectory(async (directory) => {
      const file = `${directory}/h.ts`;
      await Deno.writeTextFile(
        file,
        `let frames = 0; let name = "";
        export const schema = { name: { type: "string" } };
        export default {
          open({ options }) { name = options.name; },
          batch(batch) { frames += batch.count; },
          close() { console.log(name, frames); },
        };`,
      );
      const { code, stdout, stderr } = await run(
        [`--allow-net=${server.address}`, `--allow-read=${directory}`, "--no-prompt", ...rights],
        [
          ...["connect", server.address, "--isolation", isolation],
          ...["a", "b"].flatMap((n) => ["--handler", `${n}=${file}`, "--set", `${n}.name=${n}`]),
        ],
      );
      assertEquals(code, 0, stderr);
      assertEquals(stdout.trim().split("\n").sort(), ["a 3", "b 3"]);
    });
  });
}

Deno.test("connect --partition key:NAME gives lines with one key to one handler, in order", async () => {
  const lines = Array.from({ length: 60 }, (_, i) => `${"abcdef"[i % 6]}${i}`);
  await using server = sends(lines.map((line) => `${line}\n`).join(""));
  await inDirectory(async (directory) => {
    const said = (name: string) =>
      `export default { batch(batch) {
        for (let i = 0; i < batch.count; i++) console.log("${name}" + batch.text(i));
      } };`;
    const sources = { x: said("x"), y: said("y") };
    const partition = ["--partition", "key:letter", "--column", "letter:u8@0"];
    const output = await feed(server, directory, sources, [], ...partition, "--json");
    assertEquals([output.code, summaryOf(output).frames], [0, 60]);
    const got = output.stdout.trim().split("\n");
    assertEquals(got.map((line) => line.slice(1)).sort(), [...lines].sort());
    for (const letter of "abcdef") {
      const own = got.filter((line) => line[1] === letter);
      assertEquals(own.map((line) => line.slice(1)), lines.filter((line) => line[0] === letter));
      assertEquals(new Set(own.map((line) => line[0])).size, 1, own.join());
    }
    assertEquals(new Set(got.map((line) => line[0])), new Set(["x", "y"]));
    const limited = await feed(server, directory, sources, [], ...partition, "--limit", "20");
    assertEquals(limited.code, 0, limited.stderr);
    const lacking = await feed(server, directory, sources, [], "--partition", "key:letter");
    assertEquals(lacking.code, 2);
    assertStringIncludes(
      lacking.stderr,
      "--partition key:letter needs --column letter:TYPE@OFFSET",
    );
    const wrong = await feed(server, directory, sources, [], "--partition", "key");
    assertStringIncludes(wrong.stderr, "--partition must be all, round_robin or key:NAME, got key");
    const float = ["--partition", "key:price", "--column", "price:f32@0"];
    const refused = await feed(server, directory, sources, [], ...float);
    assertEquals(refused.code, 2);
    assertStringIncludes(
      refused.stderr,
      "--partition key:NAME takes the name of a column of integers",
    );
  });
});

Deno.test("connect --isolation process lets each handler do what it was granted, and names what it was not", async () => {
  await using server = sends("1\n2\n");
  await inDirectory(async (directory) => {
    const [file, other] = [`${directory}/a.log`, `${directory}/b.log`];
    const sources = { a: appending(file), b: appending(other) };
    const isolated = ["--isolation", "process", "--grant", `a:write=${file}`];
    const granted = await feed(
      server,
      directory,
      sources,
      [RUN_DENO],
      ...isolated,
      ...["--grant", `b:write=${other}`, "--deno", Deno.execPath(), "--memory-limit", "256MiB"],
    );
    assertEquals(granted.code, 0, granted.stderr);
    assertEquals(await Deno.readTextFile(file), "1\n2\n");
    assertEquals(await Deno.readTextFile(other), "1\n2\n");
    const lacking = await feed(server, directory, sources, [RUN_DENO], ...isolated);
    assertEquals(lacking.code, 3);
    assertStringIncludes(
      lacking.stderr,
      `the handler b needs write access to ${other}, grant it with --grant b:write=${other}`,
    );
    const [deno] = [Deno.execPath()];
    const unrunnable = await feed(server, directory, { a: SILENT }, [], "--isolation", "process");
    assertEquals(unrunnable.code, 3);
    assertStringIncludes(
      unrunnable.stderr,
      `the handler needs run access to ${deno}, run again with --allow-run=${deno}`,
    );
  });
});

Deno.test("connect --on-failure skip counts what fails, and keeps it in dead letters", async () => {
  await using server = sends("1\n2\n3\n");
  await inDirectory(async (directory) => {
    const dead = `${directory}/dead`;
    const skip = ["--on-failure", "skip", "--dead-letter", dead, "--budget", "5s"];
    const rights = [`--allow-write=${directory}`];
    const several = await feed(
      server,
      directory,
      { a: FAILING, b: SILENT },
      rights,
      ...skip,
      "--json",
    );
    assertEquals(several.code, 0, several.stderr);
    const skipped = jsonOf(several).filter(({ type }) => type === "skipped");
    assert(skipped.length > 0);
    assert(skipped.every(({ handler, error }) => handler === "a" && error === "no such price"));
    const { a, b } = summaryOf(several).handlers;
    assertEquals([a.skippedFrames, a.deadLetterFrames, b.skippedFrames], [3, 3, 0]);
    const dump = await run([`--allow-read=${dead}`], ["spill", "dump", `${dead}/a`, "--raw"]);
    assertEquals([dump.code, dump.stdout], [0, "1\n2\n3\n"]);
    const one = await feed(server, directory, { a: FAILING }, rights, ...skip);
    assertEquals(one.code, 0);
    assertStringIncludes(one.stderr, "given up: no such price");
    assertStringIncludes(one.stderr, "\ngiven up    3 given up (3 in dead letters)\n");
    const unwritable = await feed(server, directory, { a: FAILING }, [], ...skip);
    assertEquals(unwritable.code, 3);
    assertStringIncludes(unwritable.stderr, `--allow-write=${dead}`);
  });
});

Deno.test("connect --on-failure retry has a batch handled again", async () => {
  await using server = sends("1\n");
  await inDirectory(async (directory) => {
    const once = `let calls = 0;
      export default { batch() { if (calls++ === 0) throw new Error("not yet"); } };`;
    const done = await feed(server, directory, { once }, [], "--on-failure", "retry");
    assertEquals(done.code, 0);
    assertStringIncludes(done.stderr, "the handler: not yet; attempt 1 in ");
    assertStringIncludes(done.stderr, "\nretried     1 time\n");
  });
});

/** Starts a run whose handler says "in" and does what `rest` says, and interrupts it then. */
async function interrupted(
  rest: string,
  signal: Deno.Signal,
  isolation: string,
  ...args: string[]
): Promise<Finished & { ms: number }> {
  await using server = sendsAndStays("one\n");
  let finished: Finished & { ms: number } | undefined;
  await inDirectory(async (directory) => {
    const file = `${directory}/slow.ts`;
    await Deno.writeTextFile(
      file,
      `export default { async batch() { console.error("in"); ${rest} },
        close() { console.error("closed"); } };`,
    );
    const child = start(
      [`--allow-net=${server.address}`, `--allow-read=${directory}`, RUN_DENO],
      ["connect", server.address, "--handler", file, "--isolation", isolation, ...args],
    );
    const stdout = child.stdout.cancel();
    const stderr = child.stderr.getReader();
    const before = await readUntil(stderr, "in\n");
    const began = performance.now();
    // A terminal sends it to all processes of the group.
    const [, pid] = /process (\d+) is ready/.exec(before) ?? [];
    if (pid !== undefined) Deno.kill(Number(pid), signal);
    child.kill(signal);
    let after = "";
    const decoder = new TextDecoder();
    for (let read = await stderr.read(); !read.done; read = await stderr.read()) {
      after += decoder.decode(read.value, { stream: true });
    }
    const { code } = await child.status;
    await stdout;
    finished = { code, stdout: "", stderr: before + after, ms: performance.now() - began };
  });
  return finished!;
}

for (const isolation of ["inline", "process"]) {
  Deno.test({
    name: `connect lets the batch at hand be finished when it is interrupted, ${isolation}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      const wait = "await new Promise((r) => setTimeout(r, 300)); console.error('done');";
      const { code, stderr } = await interrupted(wait, "SIGTERM", isolation);
      assertEquals(code, 143, stderr);
      assertStringIncludes(stderr, "done\n");
      assertStringIncludes(stderr, "closed\n");
      assertStringIncludes(stderr, "\nend         interrupted\n");
      assertStringIncludes(stderr, "frames      1 in ");
    },
  });

  Deno.test({
    name: `connect leaves a batch that is not finished in time, and says so, ${isolation}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      const { code, stderr, ms } = await interrupted(
        "await new Promise(() => setInterval(() => {}, 1000));",
        "SIGINT",
        isolation,
        ...["--stop-timeout", "200ms"],
      );
      assertEquals(code, 130, stderr);
      assertStringIncludes(
        stderr,
        "a handler was not done within 0.200 s of the interrupt: 1 frame",
      );
      assertStringIncludes(stderr, "\nunfinished  1 frame with a handler\n");
      assert(ms >= 200, `${ms}`);
    },
  });
}

const OPTIONED = `
  export const schema = {
    depth: { type: "number", description: "levels kept" },
    greeting: { type: "string", default: "hello" },
  };
  export default { open({ options }) {
    throw new Error(options.greeting + " " + options.depth);
  }, batch() {} };`;

for (const isolation of ["inline", "worker", "process"]) {
  Deno.test(`connect gives a module its options, and names what it does not take (${isolation})`, async () => {
    await using server = sends("1\n");
    await inDirectory(async (directory) => {
      const rights = { inline: [], worker: WORKERS, process: [RUN_DENO] }[isolation]!;
      const sources = { a: OPTIONED };
      const place = ["--isolation", isolation];
      const given = await feed(server, directory, sources, rights, ...place, "--set", "a.depth=7");
      assertEquals(given.code, 4, given.stderr);
      assertStringIncludes(given.stderr, "the handler threw: hello 7");
      const wrong = ["--set", "a.depth=deep", "--set", "a.dept=7"];
      const { code, stderr } = await feed(server, directory, sources, rights, ...place, ...wrong);
      assertEquals(code, 2, stderr);
      assertStringIncludes(
        stderr,
        "spillway connect: --set a.dept: expected no such option, there is depth, greeting\n" +
          '--set a.depth: expected a number (levels kept), got "deep"\n',
      );
      const config = `${directory}/spillway.jsonc`;
      const handler = { file: "a.ts", isolation, options: { greeting: 7 } };
      const target = server.address;
      await Deno.writeTextFile(config, JSON.stringify({ target, handlers: { a: handler } }));
      const filed = await run(
        [`--allow-net=${target}`, `--allow-read=${directory}`, ...rights],
        ["connect", "--config", config],
      );
      assertEquals(filed.code, 2, filed.stderr);
      assertStringIncludes(
        filed.stderr,
        `${config}: handlers.a.options.depth: expected a number (levels kept), got nothing\n` +
          `${config}: handlers.a.options.greeting: expected a text, got 7\n`,
      );
    });
  });
}

Deno.test("connect shows the user's line of a handler that throws, wherever it runs, and no frames of its own", async () => {
  await using server = sends("1\n");
  await inDirectory(async (directory) => {
    const placesOf = async (source: string, rights: string[], ...args: string[]) => {
      const { code, stderr } = await feed(server, directory, { a: source }, rights, ...args);
      assertEquals(code, 4, stderr);
      return stderr.split("\n").filter((line) => /^\s+at /.test(line));
    };
    const places: Record<string, string[]> = { inline: [], worker: WORKERS, process: [RUN_DENO] };
    for (const [isolation, rights] of Object.entries(places)) {
      const [first] = await placesOf(FAILING, rights, "--isolation", isolation);
      assertStringIncludes(first, `${directory}/a.ts:1:`, isolation);
    }
    const exits = "export default { batch() { Deno.exit(7); } };";
    assertEquals(await placesOf(exits, [RUN_DENO], "--isolation", "process"), []);
  });
});

Deno.test("connect tells of a module that is no handler in the same words wherever it runs", async () => {
  await using server = sends("1\n");
  await inDirectory(async (directory) => {
    const cases: [string, string][] = [
      ["export default { batch() {", "cannot be loaded: "],
      [
        'import "./nowhere.ts"; export default { batch() {} };',
        "cannot be loaded: Module not found",
      ],
      [
        "export const batch = 1;",
        "must have export default { batch(batch) { … } }, got no default",
      ],
    ];
    const places: Record<string, string[]> = { inline: [], worker: WORKERS, process: [RUN_DENO] };
    for (const [source, message] of cases) {
      for (const [isolation, rights] of Object.entries(places)) {
        const how = ["--isolation", isolation];
        const { code, stderr } = await feed(server, directory, { a: source }, rights, ...how);
        assertEquals(code, 4, isolation);
        const sentence = `spillway connect: the handler file ${directory}/a.ts ${message}`;
        assertStringIncludes(stderr, sentence, isolation);
      }
    }
  });
});

Deno.test("connect tells of one frame in the singular", async () => {
  await using server = sends("1\n");
  await inDirectory(async (directory) => {
    const failed = await feed(server, directory, { a: FAILING }, []);
    assertStringIncludes(failed.stderr, "threw in a batch of 1 frame at offset 0");
    const skipped = await feed(server, directory, { a: FAILING }, [], "--on-failure", "skip");
    assertStringIncludes(skipped.stderr, "1 frame at offset 0 of connection 1 was given up: ");
  });
});
