/** Directories that hold one thing, named as another: refused, and as they were. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { until } from "../client/harness.ts";
import { segmentName } from "../../src/spill/format.ts";
import { inDirectory } from "../spill/harness.ts";
import { openSpill } from "../../src/spill/open.ts";
import { type Finished, floods, run, sends, start, TestServer } from "./spillway.ts";

const THROWS = 'export default { batch() { throw new Error("no"); } };';

/** What is in the files that matter. */
async function contents(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { name } of Deno.readDir(directory)) {
    const bytes = await Deno.readFile(`${directory}/${name}`);
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    if (name !== "lock") files[name] = new Uint8Array(digest).toHex();
  }
  return files;
}

/** Runs against a server, with all rights: what is refused here is none of these. */
async function to(command: string, server: TestServer, ...args: string[]): Promise<Finished> {
  return await run(["-A", "--unstable-worker-options"], [command, server.address, ...args]);
}

/** The directory stays as it is, and `said` is why. */
async function refused(
  directory: string,
  said: string,
  command: () => Promise<Finished>,
): Promise<void> {
  const before = await contents(directory);
  const { code, stderr } = await command();
  assertStringIncludes(stderr, said);
  assertEquals(code, 1, stderr);
  assertEquals(await contents(directory), before);
}

/** The same of a spill and of a journal. */
async function refusedToFrames(
  server: TestServer,
  directory: string,
  holds: string,
): Promise<void> {
  const spill = ["--spill", directory];
  await refused(directory, `expected a spill or ${holds}`, () => to("connect", server, ...spill));
  await refused(
    directory,
    `expected a journal or ${holds}`,
    () => to("connect", server, ...spill, "--durable"),
  );
}

/** Has a feed that nobody reads fill a directory, and dies. */
async function killed(directory: string, ...args: string[]): Promise<void> {
  await using server = floods("0123456789abcdef\n");
  const child = start(["-A"], [
    ...["connect", server.address, "--spill", directory, "--spill-max", "64MiB", ...args],
  ]);
  const told = new Response(child.stderr).text();
  const segment = `${directory}/${segmentName(1)}`;
  await until(() => existsWith(segment, 2 ** 20), "frames on disk");
  child.kill("SIGKILL");
  await Promise.all([child.status, child.stdout.cancel(), told]);
}

function existsWith(path: string, bytes: number): boolean {
  try {
    return Deno.statSync(path).size >= bytes;
  } catch {
    return false;
  }
}

/** Has a handler give batches up. */
async function giveUp(server: TestServer, dead: string, handler: string): Promise<Finished> {
  await Deno.writeTextFile(handler, THROWS);
  const skip = ["--handler", handler, "--on-failure", "skip", "--dead-letter", dead];
  return await to("connect", server, ...skip);
}

Deno.test("a recording is not taken for a spill, a journal or dead letters, and can be replayed behind that", async () => {
  await inDirectory(async (parent) => {
    const directory = `${parent}/recorded`;
    await using server = sends("one\ntwo\n");
    assertEquals((await to("record", server, "--dir", directory)).code, 0);
    const holds = `nothing in ${directory}, but it holds a recording: give another directory ` +
      "(spillway replay plays this one)";
    const spill = ["--spill", directory];
    await refusedToFrames(server, directory, holds);
    const handler = `${parent}/handler.ts`;
    await Deno.writeTextFile(handler, "export default { batch() {} };");
    const worker = ["--handler", handler, "--isolation", "worker", ...spill];
    await refused(
      directory,
      `expected a spill or ${holds}`,
      () => to("connect", server, ...worker),
    );
    await refused(
      directory,
      `expected dead letters or ${holds}`,
      () => giveUp(server, directory, handler),
    );
    const back = ["replay", directory, "--speed", "flat-out"];
    const replayed = await run(["-A"], back);
    assertEquals([replayed.code, replayed.stdout], [0, "one\ntwo\n"]);
    const itself = await run(["-A"], [...back, "--spill", directory, "--count"]);
    assertEquals(itself.code, 1);
    assertStringIncludes(itself.stderr, `expected a spill or ${holds}`);
    assert(!itself.stderr.includes("nothing of what was asked for"), itself.stderr);
  });
});

Deno.test("what a journal has to give again is not taken by a spill, and comes with --durable", async () => {
  await inDirectory(async (parent) => {
    const directory = `${parent}/journal`;
    await killed(directory, "--durable");
    await using server = sends("last\n");
    const said =
      `expected a spill or nothing in ${directory}, but it holds a journal with frames ` +
      "to come again: give another directory (--durable or journalTo() goes on with this one)";
    const spill = ["--spill", directory, "--count"];
    await refused(directory, said, () => to("connect", server, ...spill));
    const verify = ["spill", "verify", directory];
    const [waiting] = JSON.parse((await run(["-A"], [...verify, "--json"])).stdout).cursors;
    const durable = await to("connect", server, ...spill, "--durable", "--json");
    const { framesRecovered } = JSON.parse(durable.stdout).stats;
    assert(durable.code === 0 && framesRecovered > 10_000, durable.stdout + durable.stderr);
    assertEquals(waiting.waitingFrames, framesRecovered);
    const { stdout } = await run(["-A"], verify);
    assertMatch(stdout, /^handler "handler": nothing comes again, all up to sequence \d+ was /m);
    assertMatch(stdout, /^a journal in 1 segment, .*: nothing is wrong$/m);
    // Now that all of it is handled, nothing stands in the way.
    const after = await to("connect", server, ...spill);
    assertEquals(after.code, 0, after.stderr);
  });
});

Deno.test("a journal takes over what a spill left, and a spill can't have it back", async () => {
  await inDirectory(async (parent) => {
    const directory = `${parent}/spill`;
    await killed(directory);
    await using silent = new TestServer(() => {});
    const spill = ["--spill", directory];
    const taken = await to("connect", silent, ...spill, "--durable", "--limit", "1");
    assertEquals(taken.stdout, "0123456789abcdef\n", taken.stderr);
    const said = "but it holds a journal with frames to come again";
    await refused(directory, said, () => to("connect", silent, ...spill));
  });
});

Deno.test("dead letters are nobody's spill, journal or recording, and stay", async () => {
  await inDirectory(async (parent) => {
    const [dead, handler] = [`${parent}/dead`, `${parent}/handler.ts`];
    await using server = sends("one\ntwo\n");
    const given = await giveUp(server, dead, handler);
    assertEquals(given.code, 0, given.stderr);
    const holds = `nothing in ${dead}, but it holds dead letters: give another directory ` +
      "(spillway spill dump lists this one)";
    await refusedToFrames(server, dead, holds);
    await refused(
      dead,
      `expected a recording or ${holds}`,
      () => to("record", server, "--dir", dead),
    );
    assertEquals((await giveUp(server, dead, handler)).code, 0);
    const dumped = await run(["-A"], ["spill", "dump", dead, "--raw"]);
    assertEquals(dumped.stdout, "one\ntwo\n".repeat(2));
  });
});

Deno.test("a journal takes neither dead letters nor a recording, though all of it was handled", async () => {
  await inDirectory(async (parent) => {
    const [journal, handler] = [`${parent}/journal`, `${parent}/handler.ts`];
    await using server = sends("one\ntwo\n");
    const durable = await to("connect", server, "--spill", journal, "--durable");
    assertEquals([durable.code, durable.stdout], [0, "one\ntwo\n"]);
    const holds = `nothing in ${journal}, but it holds a journal: give another directory`;
    await refused(
      journal,
      `expected dead letters or ${holds}`,
      () => giveUp(server, journal, handler),
    );
    await refused(
      journal,
      `expected a recording or ${holds}`,
      () => to("record", server, "--dir", journal),
    );
  });
});

Deno.test("who names one directory twice is told that it is his own process that has it", async () => {
  await inDirectory(async (parent) => {
    const [both, handler] = [`${parent}/both`, `${parent}/handler.ts`];
    await Deno.writeTextFile(handler, THROWS);
    await using server = sends("one\n");
    const twice = ["--handler", handler, "--spill", both, "--on-failure", "skip"];
    const cases = [["--dead-letter", `${parent}/./both`], [
      ...["--dead-letter", both, "--isolation", "worker"],
    ]];
    for (const more of cases) {
      const { code, stderr } = await to("connect", server, ...twice, ...more);
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "but this process has it open already for dead letters;");
    }
  });
});

Deno.test("dead letters that have no place cost no connection", async () => {
  await inDirectory(async (parent) => {
    const [dead, handler] = [`${parent}/dead`, `${parent}/handler.ts`];
    await Deno.writeTextFile(handler, THROWS);
    await using _other = await openSpill(dead);
    let connections = 0;
    await using server = new TestServer(() => {
      connections += 1;
    });
    const flags = ["--handler", handler, "--on-failure", "skip", "--dead-letter", dead];
    for (const isolation of ["inline", "worker", "process"]) {
      const { code, stderr } = await to("connect", server, ...flags, "--isolation", isolation);
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, "can't keep dead letters: expected to be the only one");
    }
    assertEquals(connections, 0);
  });
});

/** Runs until handlers have settled, or have not for a while. */
async function durable(server: TestServer, spool: string, ...handlers: string[]) {
  const flags = handlers.flatMap((handler) => ["--handler", handler]);
  const ends = ["--duration", "300ms", "--stop-timeout", "200ms", "--json"];
  const { stderr } = await to("connect", server, ...flags, "--spill", spool, "--durable", ...ends);
  const records = stderr.trim().split("\n").map((line) => JSON.parse(line));
  return records.filter(({ type }) => type === "unread");
}

Deno.test("connect says what waits on disk for other handlers than its own", async () => {
  await inDirectory(async (parent) => {
    const [stuck, quick, spool] = ["stuck.ts", "quick.ts", "spool"].map((n) => `${parent}/${n}`);
    await Deno.writeTextFile(stuck, "export default { batch: () => new Promise(() => {}) };");
    await Deno.writeTextFile(quick, "export default { batch() {} };");
    await using server = sends("1\n2\n3\n");
    const waits = (directory: string, handler?: string) => {
      return { type: "unread", directory, ...handler && { handler }, records: 1 };
    };
    assertEquals(await durable(server, spool, stuck), []);
    assertEquals(await durable(server, spool, `a=${quick}`), [waits(spool)]);
    assertEquals(await durable(server, spool, `a=${stuck}`), [waits(spool)]);
    assertEquals(await durable(server, spool, `b=${quick}`), [
      waits(spool),
      waits(`${spool}/a`, "a"),
    ]);
    assertEquals(await durable(server, spool, quick), [waits(`${spool}/a`, "a")]);
    assertEquals(await durable(server, spool, `a=${quick}`, `b=${quick}`), []);
  });
});
