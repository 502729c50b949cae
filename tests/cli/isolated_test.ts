/** `spillway connect` with everything in workers. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { inDirectory } from "../spill/harness.ts";
import { appending, feed, jsonOf, OWN_SOURCE, SILENT, summaryOf, WORKERS } from "./handler_runs.ts";
import { run, sends, sendsAndStays, start } from "./spillway.ts";

Deno.test("connect --isolation worker lets each handler do what it was granted, and names what it was not", async () => {
  await using server = sends("1\n2\n");
  await inDirectory(async (directory) => {
    const [file, other] = [`${directory}/a.log`, `${directory}/b.log`];
    const sources = { a: appending(file), b: appending(other) };
    const isolated = ["--isolation", "worker", "--grant", `a:write=${file}`];
    const rights = [...WORKERS, `--allow-write=${directory}`];
    const both = [...isolated, "--grant", `b:write=${other}`];
    const granted = await feed(server, directory, sources, rights, ...both);
    assertEquals(granted.code, 0, granted.stderr);
    assertEquals(await Deno.readTextFile(file), "1\n2\n");
    assertEquals(await Deno.readTextFile(other), "1\n2\n");
    const lacking = await feed(server, directory, sources, rights, ...isolated);
    assertEquals(lacking.code, 3, lacking.stderr);
    assertStringIncludes(lacking.stderr, `grant it with --grant b:write=${other}`);
    const beyond = await feed(server, directory, sources, WORKERS, ...both);
    assertEquals(beyond.code, 3, beyond.stderr);
    assertStringIncludes(
      beyond.stderr,
      "only what this program may do itself, run again with --allow-write=",
    );
    const unread = await run(
      [`--allow-net=${server.address}`, ...WORKERS],
      ["connect", server.address, "--handler", `${directory}/a.ts`, "--isolation", "worker"],
    );
    assertEquals(unread.code, 3, unread.stderr);
    assertStringIncludes(unread.stderr, `run again with --allow-read=${directory}/a.ts`);
    const sourceless = await feed(
      server,
      directory,
      sources,
      [WORKERS[0], `--allow-write=${directory}`],
      ...both,
    );
    assertEquals(sourceless.code, 3, sourceless.stderr);
    assertStringIncludes(sourceless.stderr, `run again with --allow-read=${OWN_SOURCE}`);
  });
});

Deno.test("connect --isolation worker keeps what was not handled on disk, for the next run", async () => {
  await using server = sends("1\n2\n3\n4\n");
  await inDirectory(async (directory) => {
    const spill = `${directory}/feed`;
    const stopping = `export default { batch(batch) {
      for (let i = 0; i < batch.count; i++) {
        if (batch.text(i) === "3") throw new Error("enough");
        console.log(batch.text(i));
      }
    } };`;
    const said = `export default { batch(batch) {
      for (let i = 0; i < batch.count; i++) console.log(batch.text(i));
    } };`;
    const rights = [...WORKERS, `--allow-write=${spill}`];
    const durable = ["--isolation", "worker", "--spill", spill, "--durable"];
    const first = await feed(server, directory, { a: stopping }, rights, ...durable);
    assertEquals(first.code, 4, first.stderr);
    assertStringIncludes(first.stderr, "the handler threw in a batch of ");
    const second = await feed(server, directory, { a: said }, rights, ...durable, "--json");
    assertEquals(second.code, 0, second.stderr);
    const lines = second.stdout.trim().split("\n");
    assertEquals(lines.slice(-6), ["3", "4", "1", "2", "3", "4"]);
    const dump = await run([`--allow-read=${spill}`], ["spill", "verify", spill]);
    assertEquals(dump.code, 0, dump.stderr);
    const without = await feed(server, directory, { a: said }, WORKERS, ...durable);
    assertEquals(without.code, 3, without.stderr);
    assertStringIncludes(without.stderr, `--allow-read=${spill} --allow-write=${spill}`);
  });
});

Deno.test("connect --isolation worker ends after --limit, when interrupted, and names the flag it may not connect without", async () => {
  await using server = sendsAndStays("1\n2\n3\n");
  await inDirectory(async (directory) => {
    const isolated = ["--isolation", "worker", "--json"];
    const limited = await feed(
      server,
      directory,
      { a: SILENT },
      WORKERS,
      ...isolated,
      "--limit",
      "2",
    );
    assertEquals(limited.code, 0, limited.stderr);
    assertEquals(summaryOf(limited).end, "limit");
    const child = start(
      [`--allow-net=${server.address}`, `--allow-read=${directory}`, ...WORKERS],
      ["connect", server.address, "--handler", `${directory}/a.ts`, ...isolated],
    );
    const stderr = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes('"started"')) text += (await stderr.read()).value;
    child.kill("SIGINT");
    for (let part = await stderr.read(); !part.done; part = await stderr.read()) text += part.value;
    assertEquals((await child.status).code, 130, text);
    assertStringIncludes(text, '"end":"interrupted"');
    await child.stdout.cancel();
    const refused = await run(
      [`--allow-net=127.0.0.1:1`, `--allow-read=${directory}`, ...WORKERS],
      ["connect", server.address, "--handler", `${directory}/a.ts`, ...isolated],
    );
    assertEquals(refused.code, 3, refused.stderr);
    assertStringIncludes(refused.stderr, `--allow-net=${server.address}`);
  });
});

Deno.test("connect --isolation worker counts what a handler that hangs did not answer for", async () => {
  await using server = sends("1\n");
  await inDirectory(async (directory) => {
    const hangs = `export default { batch() { Atomics.wait(
      new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000); } };`;
    const limits = ["--isolation", "worker", "--batch-timeout", "200ms", "--json"];
    const done = await feed(server, directory, { hangs }, WORKERS, ...limits);
    assertEquals(done.code, 0, done.stderr);
    const told = jsonOf(done).find(({ type }) => type === "unresponsive");
    assertEquals(told?.handler, "hangs");
    assertEquals(summaryOf(done).handlers.hangs.framesUnanswered, 1);
  });
});

Deno.test("connect --isolation worker --partition key:NAME ends after --limit frames of all handlers", async () => {
  await using server = sendsAndStays("1\n2\n1\n3\n");
  await inDirectory(async (directory) => {
    const limited = await feed(
      server,
      directory,
      { b: SILENT, 1: SILENT },
      WORKERS,
      ...["--isolation", "worker", "--json", "--limit", "4"],
      ...["--column", "first:u8@0", "--partition", "key:first"],
    );
    assertEquals(limited.code, 0, limited.stderr);
    const { end, handlers } = summaryOf(limited);
    assertEquals(end, "limit");
    const given = ["b", "1"].map((name) => handlers[name].framesDelivered);
    assertEquals(given[0] + given[1], 4);
  });
});

Deno.test("connect --isolation worker waits for a handler that is being opened no longer than it is told to", async () => {
  await using server = sendsAndStays("1\n");
  await inDirectory(async (directory) => {
    const opening = "export default { open: () => new Promise(() => {}), batch() {} };";
    await Deno.writeTextFile(`${directory}/a.ts`, opening);
    const child = start(
      [`--allow-net=${server.address}`, `--allow-read=${directory}`, ...WORKERS],
      ["connect", server.address, "--handler", `${directory}/a.ts`, "--isolation", "worker"]
        .concat("--json", "--stop-timeout", "200ms"),
    );
    const stderr = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes('"connected"')) text += (await stderr.read()).value;
    child.kill("SIGINT");
    for (let part = await stderr.read(); !part.done; part = await stderr.read()) text += part.value;
    assertEquals((await child.status).code, 130, text);
    assertStringIncludes(text, '"unfinished"');
    await child.stdout.cancel();
  });
});

Deno.test("connect --isolation worker counts --duration from the connection on, also while a handler is being opened", async () => {
  await using server = sendsAndStays("1\n");
  await inDirectory(async (directory) => {
    // Opened only when the client ends.
    const waits = `export default { batch() {}, open: ({ signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", resolve)) };`;
    const timed = ["--isolation", "worker", "--duration", "200ms", "--json"];
    const done = await feed(server, directory, { waits }, WORKERS, ...timed);
    assertEquals(done.code, 0, done.stderr);
    const { end, elapsedMs } = summaryOf(done);
    assertEquals(end, "duration");
    assert(elapsedMs >= 200, `${elapsedMs}`);
  });
});

Deno.test("connect --isolation worker says in one sentence that a module it imports is not there", async () => {
  await using server = sendsAndStays("1\n");
  await inDirectory(async (directory) => {
    const importing = `${directory}/importing.ts`;
    await Deno.writeTextFile(importing, 'import "./missing.ts"; export default { batch() {} };');
    const { code, stderr } = await run(
      [`--allow-net=${server.address}`, `--allow-read=${directory}`, ...WORKERS],
      ["connect", server.address, "--handler", importing, "--isolation", "worker"],
    );
    assertEquals(code, 4, stderr);
    const said = stderr.split("spillway connect: ")[1];
    assertStringIncludes(said, `importing.ts cannot be loaded: Module not found`);
    assertEquals(said.trim().split("\n").length, 1, said);
  });
});
