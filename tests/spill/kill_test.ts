/**
 * A real process, killed without notice at random times: nothing it promised is
 * missing. `SPILLWAY_KILLS` is how often, 20 by default; 200 by `deno task crash`.
 */
import { assert, assertEquals } from "@std/assert";
import { openSpill } from "../../src/spill/open.ts";
import { inDirectory, infoOf, readAll } from "./harness.ts";
import { HANDLER, OPTIONS, payloadOf } from "./programs/records.ts";
import { type Random, random } from "./random.ts";
import { SEED } from "./seed.ts";
import { equal } from "./trace.ts";

const KILLS = Number(Deno.env.get("SPILLWAY_KILLS") ?? 20);
const START_LIMIT_MS = 30_000;
const APPENDER = new URL("programs/appender.ts", import.meta.url).href;

interface Promised {
  synced: number;
  stored: number;
}

/** Starts the process, kills it, and gives what it promised last. */
async function killed(directory: string, seed: number, draw: Random): Promise<Promised> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", `--allow-read=${directory}`],
      ...[`--allow-write=${directory}`, APPENDER, directory, String(seed)],
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaints = new Response(child.stderr).text();
  let said = "";
  let timer = setTimeout(() => child.kill("SIGKILL"), START_LIMIT_MS);
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (said === "") {
      clearTimeout(timer);
      timer = setTimeout(() => child.kill("SIGKILL"), draw() * 120);
    }
    said += piece;
  }
  clearTimeout(timer);
  assertEquals((await child.status).signal, "SIGKILL", await complaints);
  await complaints;
  // The last line counts if it is whole: its sync was completed.
  const lines = said.split("\n").slice(0, -1);
  assert(lines.length > 0, "expected a sync within the time to start");
  return JSON.parse(lines.at(-1)!);
}

/** Opens what is left; gives how many records lay behind the last promise and how often a tail was cut. */
async function check(directory: string, promised: Promised): Promise<[number, number]> {
  await using store = await openSpill(directory, OPTIONS);
  const types = store.findings.kept.map(({ type }) => type);
  for (const type of types) assert(type === "torn_tail" || type === "unfinished_file", type);
  const [cursor] = store.cursors();
  assertEquals(cursor.name, HANDLER);
  assert(cursor.stored.sequence >= promised.stored, `${cursor.stored.sequence} is stored`);
  using reader = store.reader();
  const { records, lost } = await readAll(reader);
  assertEquals(lost, []);
  // None is left where all were handled when the process was killed.
  const first = records[0]?.header.sequence ?? cursor.stored.sequence + 1;
  assert(first <= cursor.stored.sequence + 1, `${first} is the oldest`);
  for (const [i, { header, payload }] of records.entries()) {
    assertEquals(header.sequence, first + i);
    assertEquals(header.frameCount, infoOf(header.sequence).frameCount);
    assert(equal(payload, payloadOf(header.sequence)), `record ${header.sequence} is another`);
  }
  const last = first + records.length - 1;
  assertEquals(store.last.sequence, last);
  assert(last >= promised.synced, `${last} is the last`);
  return [last - promised.synced, types.filter((type) => type === "torn_tail").length];
}

Deno.test(`kill -9, ${KILLS} times: nothing before the last completed sync is missing`, async () => {
  await inDirectory(async (directory) => {
    const totals = { unsynced: 0, torn: 0, promised: 0 };
    for (let kill = 1; kill <= KILLS; kill++) {
      const seed = SEED + kill;
      try {
        const promised = await killed(directory, seed, random(seed));
        const [unsynced, torn] = await check(directory, promised);
        totals.unsynced += unsynced;
        totals.torn += torn;
        totals.promised = promised.synced;
      } catch (error) {
        throw new Error(`SPILLWAY_SEED=${SEED}, kill ${kill}`, { cause: error });
      }
    }
    console.log(
      `${KILLS} kills, ${totals.promised} records promised, ${totals.unsynced} further ones kept, ` +
        `${totals.torn} torn tails cut`,
    );
  });
});
