import { assertEquals, assertStringIncludes } from "@std/assert";
import { BatchCodec } from "../../src/spill/batch_codec.ts";
import { RecordKind, segmentName } from "../../src/spill/format.ts";
import { openSpill } from "../../src/spill/open.ts";
import { inDirectory } from "../spill/harness.ts";
import { type Finished, run } from "./spillway.ts";

const RAW = { storesRaw: false, strippedBytes: 0, delimiterBytes: 0 };
const TIME_MICROS = Date.UTC(2026, 10, 26) * 1000;

/** Frames `ab` and `cde` of a batch, as a slab has them. */
function batch() {
  const bytes = new TextEncoder().encode("..abcde..");
  const [offsets, lengths] = [Uint32Array.of(2, 4), Uint32Array.of(2, 3)];
  return new BatchCodec([], RAW).encode(
    {
      bytes,
      view: new DataView(bytes.buffer),
      ...{ offsets, lengths, rawOffsets: offsets, rawLengths: lengths },
      columns: [],
      streamOffset: 98,
      epoch: 3,
      scattered: false,
    },
    0,
    2,
  );
}

/** A directory with a batch and two chunks, one segment each. */
async function fill(directory: string): Promise<void> {
  await using store = await openSpill(directory, { segmentBytes: 4096, kind: "spill" });
  await store.registerCursor("ticks\x1b");
  const { info, parts } = batch();
  await store.append({ ...info, timeMicros: TIME_MICROS }, parts);
  const chunk = { kind: RecordKind.chunk, epoch: 3, streamOffset: 105, frameCount: 0 };
  for (const letter of "xy") {
    const bytes = new TextEncoder().encode(letter.repeat(4000));
    await store.append({ ...chunk, timeMicros: 0 }, [bytes]);
  }
  assertEquals((await store.sync()).type, "synced");
}

async function flip(directory: string, segment: number, at: number): Promise<void> {
  const path = `${directory}/${segmentName(segment)}`;
  const bytes = await Deno.readFile(path);
  bytes[at] ^= 1;
  await Deno.writeFile(path, bytes);
}

/** Runs `spillway spill` with the right to read, or to write too. */
function spill(directory: string, args: string[], writes = false): Promise<Finished> {
  const permissions = [`--allow-read=${directory}`];
  if (writes) permissions.push(`--allow-write=${directory}`);
  return run(permissions, ["spill", ...args]);
}

Deno.test("spill verify shows segments, handlers and that nothing is wrong", async () => {
  await inDirectory(async (directory) => {
    await fill(directory);
    const { code, stdout, stderr } = await spill(directory, ["verify", directory]);
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assertEquals(lines[0].split(/ +/), [
      ...["segment", "records", "frames", "size", "sequences", "oldest", "newest"],
    ]);
    assertEquals(lines[1].split(/ +/), [
      ...[segmentName(1), "1", "2", "240", "B", "1-1"],
      ...["2026-11-26T00:00:00.000Z", "2026-11-26T00:00:00.000Z"],
    ]);
    assertEquals(lines[2].split(/ +/).slice(-3), ["2-2", "-", "-"]);
    // What a name could do to a terminal is escaped.
    assertEquals(
      lines[5],
      'handler "ticks\\u001b": 2 frames in 3 records come again, those behind sequence 0',
    );
    assertEquals(lines[6], "a spill in 3 segments, 3 records, 2 frames, 8.5 kB: nothing is wrong");
  });
});

Deno.test("spill verify exits with 1 for damage, spill repair mends it", async () => {
  await inDirectory(async (directory) => {
    await fill(directory);
    await flip(directory, 2, 200);
    const bad = await spill(directory, ["verify", directory]);
    assertEquals([bad.code, bad.stderr], [1, ""]);
    assertStringIncludes(bad.stdout, `bad_record: ${segmentName(2)} at 64: expected checksum 0x`);
    assertStringIncludes(bad.stdout, "1 record lost");
    const json = await spill(directory, ["verify", directory, "--json"]);
    const report = JSON.parse(json.stdout);
    assertEquals([json.code, report.findingsTotal, report.segments.length], [1, 2, 3]);
    const repaired = await spill(directory, ["repair", directory], true);
    assertEquals([repaired.code, repaired.stderr], [0, ""]);
    assertStringIncludes(
      repaired.stdout,
      `${segmentName(2)} was written anew with 0 records, the old one is ${segmentName(2)}.bad`,
    );
    const again = JSON.parse(
      (await spill(directory, ["repair", directory, "--json"], true)).stdout,
    );
    assertEquals(again.rewritten, []);
    assertEquals((await Deno.stat(`${directory}/${segmentName(2)}.bad`)).isFile, true);
  });
});

Deno.test("spill dump lists records, gives them as JSON and as they are", async () => {
  await inDirectory(async (directory) => {
    await fill(directory);
    const text = await spill(directory, ["dump", directory, "--last", "2"]);
    assertEquals([text.code, text.stderr], [0, ""]);
    assertEquals(text.stdout.split("\n"), [
      "sequence epoch stream_offset time kind frames bytes",
      "1 3 100 2026-11-26T00:00:00.000Z batch 2 117",
      "2 3 105 - chunk 0 4000",
      "",
    ]);
    const json = await spill(directory, ["dump", directory, "--first", "2", "--json"]);
    const records = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(records.map(({ sequence, time }) => [sequence, time]), [[2, null], [3, null]]);
    const raw = await spill(directory, ["dump", directory, "--raw"]);
    assertEquals(raw.stdout, "abcde" + "x".repeat(4000) + "y".repeat(4000));
  });
});

Deno.test("spill dump says what is lost, goes on and exits with 1", async () => {
  await inDirectory(async (directory) => {
    await fill(directory);
    await flip(directory, 2, 2000);
    const { code, stdout, stderr } = await spill(directory, ["dump", directory, "--raw"]);
    assertEquals([code, stdout], [1, "abcde" + "y".repeat(4000)]);
    assertStringIncludes(stderr, `spillway spill: bad_payload: ${segmentName(2)} at 64:`);
  });
});

Deno.test("spill explains in one line what is wrong, and the exit code tells its kind", async () => {
  await inDirectory(async (directory) => {
    await fill(directory);
    const cases: [string[], string[], number, string][] = [
      [[], ["verify", directory], 3, `run again with --allow-read=${directory}`],
      [
        [`--allow-read=${directory}`],
        ["repair", directory],
        3,
        `--allow-read=${directory} --allow-write=${directory}`,
      ],
      [
        ["--allow-read"],
        ["verify", `${directory}/none`],
        1,
        `cannot list ${directory}/none: there is no such`,
      ],
      [["-A"], ["repair", `${directory}/none`], 1, `cannot list ${directory}/none: `],
      [[], [], 2, "expected verify, repair, dump"],
      [[], ["verfy", directory], 2, "did you mean verify?"],
      [[], ["frob", directory], 2, "it must be one of verify, repair, dump"],
      [[], ["verify"], 2, "takes one directory, got 0"],
      [[], ["verify", "a", "b"], 2, "takes one directory, got 2"],
      [[], ["verify", "a", "--raw"], 2, "--raw goes with spill dump only"],
      [[], ["dump", "a", "--raw", "--json"], 2, "--json does not go with --raw"],
      [
        [],
        ["dump", "a", "--first", "5", "--last", "4"],
        2,
        "--last must be a whole number from 5 on",
      ],
    ];
    const results = await Promise.all(
      cases.map(([permissions, args]) => run(permissions, ["spill", ...args])),
    );
    for (const [i, [, args, code, message]] of cases.entries()) {
      const result = results[i];
      assertEquals([result.code, result.stdout], [code, ""], args.join(" "));
      assertStringIncludes(result.stderr, message);
      assertEquals(result.stderr.trimEnd().split("\n").length, 1, result.stderr);
    }
  });
});

Deno.test("spill says that a directory is none of a spill's, and leaves nothing in it", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/notes.txt`, "no spill");
    for (const action of ["verify", "repair", "dump"]) {
      const { code, stdout, stderr } = await spill(directory, [action, directory], true);
      assertEquals([code, stdout], [1, ""], action);
      assertStringIncludes(
        stderr,
        `spillway spill: no spill, journal, dead letters or recording is in ${directory}`,
      );
    }
    const names = Array.from(Deno.readDirSync(directory), ({ name }) => name);
    assertEquals(names, ["notes.txt"]);
  });
});

Deno.test("spill takes a directory whose spill is used up", async () => {
  await inDirectory(async (directory) => {
    await (await openSpill(directory)).close();
    for (const action of ["verify", "repair", "dump"]) {
      const { code, stderr } = await spill(directory, [action, directory], true);
      assertEquals([code, stderr], [0, ""], action);
    }
  });
});

Deno.test("spill repair refuses a directory that is in use", async () => {
  await inDirectory(async (directory) => {
    await using _ = await openSpill(directory);
    const { code, stderr } = await spill(directory, ["repair", directory], true);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "another process, or another worker of this one, has its lock");
  });
});

Deno.test("spill --help explains all of it", async () => {
  const { code, stdout } = await run([], ["spill", "--help"]);
  assertEquals(code, 0);
  for (const word of ["verify", "repair", "dump", "--json", "--raw", "--first", "Exit codes"]) {
    assertStringIncludes(stdout, word);
  }
});
