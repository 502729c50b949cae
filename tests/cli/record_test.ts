/** `spillway record` and `spillway replay` as they are run: processes, servers, and no right too many. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { replayFlags } from "../../cli/replay_flags.ts";
import { CHUNK_BYTES } from "../../src/core/abi.ts";
import { openReplay } from "../../src/record/replay.ts";
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, segmentName } from "../../src/spill/format.ts";
import { join } from "../framing/bytes.ts";
import { until } from "../client/harness.ts";
import { inDirectory } from "../spill/harness.ts";
import { noise, random } from "../spill/random.ts";
import { canMount } from "../spill/small_disk.ts";
import {
  type Finished,
  floods,
  readUntil,
  run,
  runOnSmallDisk,
  sends,
  sendsAndStays,
  start,
  TestServer,
  writeAll,
} from "./spillway.ts";

const utf8 = new TextEncoder();
// deno-lint-ignore no-explicit-any -- what a program would read
const jsonLines = (text: string): any[] =>
  text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));

const rights = (directory: string): string[] => [
  `--allow-read=${directory}`,
  `--allow-write=${directory}`,
];

/** Records what a server sends, with no right but for that. */
function record(address: string, directory: string, ...args: string[]): Promise<Finished> {
  return run(
    [`--allow-net=${address}`, ...rights(directory)],
    ["record", address, "--dir", directory, ...args],
  );
}

/** Replays with the right to read the recording only. */
function replay(directory: string, ...args: string[]): Promise<Finished> {
  return run([`--allow-read=${directory}`], ["replay", directory, ...args]);
}

/** The bytes of each recorded connection. */
async function recorded(directory: string): Promise<Uint8Array[]> {
  await using replay = await openReplay(directory, { speed: "flat_out" });
  const connections: Uint8Array[][] = [];
  for await (const { bytes } of replay) {
    if (replay.stats().connections > connections.length) connections.push([]);
    connections.at(-1)!.push(bytes.slice());
  }
  return connections.map((pieces) => join(...pieces));
}

Deno.test("record writes every byte of every connection, and goes on in the same directory", async () => {
  await inDirectory(async (parent) => {
    const directory = `${parent}/new`;
    const streams = Array.from({ length: 4 }, (_, i) => noise(random(i), 300_000 + i));
    await using server = new TestServer((conn, number) => writeAll(conn, streams[number - 1]));
    const first = await record(server.address, directory, "--segment", "64KiB");
    assertEquals(first.code, 0, first.stderr);
    assertStringIncludes(first.stdout, "recorded    300.0 kB in ");
    assertStringIncludes(first.stdout, `directory   ${directory}\n`);
    const again = ["--reconnect", "--max-attempts", "1", "--json"];
    const second = await record(server.address, directory, "--duration", "1500ms", ...again);
    const [summary] = jsonLines(second.stdout);
    assertEquals([summary.type, summary.stats.lostBytes, summary.stats.unsyncedBytes], [
      ...["summary", 0, 0],
    ]);
    const there = await recorded(directory);
    assertGreater(there.length, 1);
    // The fourth may have been cut off by the end.
    for (const [i, bytes] of there.slice(0, 3).entries()) {
      assert(streams[i].every((byte, at) => bytes[at] === byte), `connection ${i + 1}`);
      assertEquals(bytes.length, streams[i].length);
    }
    const verified = await run([`--allow-read=${directory}`], ["spill", "verify", directory]);
    assertEquals(verified.code, 0, verified.stdout);
  });
});

Deno.test("replay puts frames out as connect did, and keeps connections apart", async () => {
  await inDirectory(async (directory) => {
    await using server = new TestServer((conn, number) =>
      writeAll(conn, utf8.encode(`one ${number}\ntwo ${number}\ncut off`))
    );
    for (let i = 0; i < 2; i++) assertEquals((await record(server.address, directory)).code, 0);
    const text = await replay(directory, "--speed", "flat-out");
    assertEquals([text.code, text.stdout], [0, "one 1\ntwo 1\none 2\ntwo 2\n"]);
    assertStringIncludes(text.stderr, "connection 1, from 2");
    assertStringIncludes(text.stderr, "inside a frame of which 7 bytes came");
    assertStringIncludes(text.stderr, "\nend         the recording is over\n");
    const json = await replay(directory, "--epochs", "2", "--speed", "1000", "--json");
    assertEquals(
      jsonLines(json.stdout).map(({ epoch, offset, text }) => [epoch, offset, text]),
      [[1, 0, "one 2"], [1, 6, "two 2"]],
    );
    const events = jsonLines(json.stderr);
    assertEquals(events.find(({ type }) => type === "connection").epoch, 2);
    assertEquals(events.at(-1).end, "exhausted");
    const limited = await replay(directory, "--limit", "1", "--hex", "--framing", "raw");
    assertEquals(limited.stdout.split("\n").length, 2);
  });
});

Deno.test("replay runs a handler on a recording as on the wire", async () => {
  await inDirectory(async (directory) => {
    await using server = sends("ab\ncd\nef\n");
    assertEquals((await record(server.address, directory)).code, 0);
    const handler = `${directory}/handler.ts`;
    await Deno.writeTextFile(
      handler,
      "export default { batch(b) { for (let i = 0; i < b.count; i++) console.log(b.text(i)); } };",
    );
    const { code, stdout } = await replay(directory, "--handler", handler, "--speed", "10");
    assertEquals([code, stdout], [0, "ab\ncd\nef\n"]);
  });
});

for (const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test(`record ends in order on ${signal}: what came is synced, and it says how much`, async () => {
    await inDirectory(async (directory) => {
      await using server = sendsAndStays("one\ntwo\n");
      const child = start(
        [`--allow-net=${server.address}`, ...rights(directory)],
        ["record", server.address, "--dir", directory, "--json"],
      );
      const stderr = child.stderr.getReader();
      await readUntil(stderr, '"connected"');
      await untilRecorded(directory);
      child.kill(signal);
      const said = await new Response(child.stdout).text();
      while (!(await stderr.read()).done);
      assertEquals((await child.status).code, code);
      const [summary] = jsonLines(said);
      assertEquals([summary.end, summary.stats.recordedBytes, summary.stats.unsyncedBytes], [
        ...["interrupted", 8, 0],
      ]);
      assertEquals(await recorded(directory), [utf8.encode("one\ntwo\n")]);
    });
  });
}

Deno.test("a recording cut by kill -9 is replayed up to where it is torn, and goes on behind that", async () => {
  await inDirectory(async (directory) => {
    await using server = floods("0123456789abcdef\n");
    const child = start(
      [`--allow-net=${server.address}`, ...rights(directory)],
      ["record", server.address, "--dir", directory, "--max", "256MiB"],
    );
    const stderr = child.stderr.getReader();
    await readUntil(stderr, "connected");
    // More than one record, whatever is asked of the socket at a time.
    await untilRecorded(directory, 8 * CHUNK_BYTES);
    child.kill("SIGKILL");
    await new Response(child.stdout).bytes();
    while (!(await stderr.read()).done);
    await child.status;
    // Wherever the kill came, the last record is torn now.
    const path = `${directory}/${segmentName(1)}`;
    const { size } = await Deno.stat(path);
    await Deno.truncate(path, size - 3);
    const { code, stdout, stderr: told } = await replay(directory, "--speed", "flat-out", "--raw");
    assertEquals(code, 0, told);
    assertStringIncludes(told, `the recording is torn: ${segmentName(1)} at `);
    assert(/^(?:0123456789abcdef)+$/.test(stdout));
    await using second = sends("again\n");
    const more = await record(second.address, directory);
    assertEquals(more.code, 0);
    assertStringIncludes(more.stderr, "torn_tail: ");
    const there = await recorded(directory);
    assertEquals([there.length, there[1]], [2, utf8.encode("again\n")]);
  });
});

Deno.test("record --max ends before the directory holds more, with code 4 and the sum", async () => {
  await inDirectory(async (directory) => {
    await using server = floods("0123456789abcdef\n");
    const limits = ["--max", "1MiB", "--segment", "256KiB"];
    const { code, stdout, stderr } = await record(server.address, directory, ...limits, "--json");
    assertEquals(code, 4, stderr);
    const [summary] = jsonLines(stdout);
    assertEquals([summary.end, summary.stats.unsyncedBytes], ["failed", 0]);
    const { receivedBytes, recordedBytes, lostBytes } = summary.stats;
    assertEquals(receivedBytes, recordedBytes + lostBytes);
    const error = jsonLines(stderr).find(({ type }) => type === "error");
    assertStringIncludes(error.message, `maxBytes, ${2 ** 20}, is reached`);
    assertStringIncludes(error.message, `${recordedBytes} bytes in `);
    const [there] = await recorded(directory);
    assertEquals(there.length, recordedBytes);
  });
});

Deno.test("record says what may be wrong where a server sends nothing", async () => {
  await inDirectory(async (directory) => {
    await using server = new TestServer(async (conn) => {
      await conn.read(new Uint8Array(1));
    });
    const { code, stderr } = await record(server.address, directory, "--duration", "5500ms");
    assertEquals(code, 0);
    assertEquals(
      stderr.match(/nothing has come for 5\.000 s: .* needs --send, .*tls:\/\//g)?.length,
      1,
    );
  });
});

Deno.test("record on a real disk that is full says so and how much is there", async () => {
  if (!await canMount()) {
    console.log("skipped: no file system can be mounted here");
    return;
  }
  await inDirectory(async (directory) => {
    await using server = floods("0123456789abcdef\n");
    const allowed = [`--allow-net=${server.address}`, ...rights(directory)];
    const args = ["record", server.address, "--dir", directory];
    const { code, stdout, stderr: told } = await runOnSmallDisk(allowed, args, directory);
    assertEquals(code, 4, told);
    assert(/ended: cannot write .*ENOSPC|ended: cannot write .*No space/.test(told), told);
    assert(
      /; \d{5,} bytes in \d+ chunks are there, \d+ bytes that had come by then are not/.test(told),
      told,
    );
    // More came while the recording ended: that is another amount, and says so.
    assertMatch(stdout, /^lost +[\d.]+ [kM]B in all that came and are not/m);
  });
});

Deno.test("replay says what is lost, goes on as another connection and exits with 1", async () => {
  await inDirectory(async (directory) => {
    await using server = new TestServer(async (conn) => {
      for (const letter of "abc") {
        await writeAll(conn, utf8.encode(`${letter.repeat(99)}\n`));
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    });
    assertEquals((await record(server.address, directory)).code, 0);
    const path = `${directory}/${segmentName(1)}`;
    const bytes = await Deno.readFile(path);
    bytes[64 + 160 + 60] ^= 1;
    await Deno.writeFile(path, bytes);
    const { code, stdout, stderr } = await replay(directory, "--speed", "flat-out");
    assertEquals([code, stdout], [1, `${"a".repeat(99)}\n${"c".repeat(99)}\n`]);
    assertStringIncludes(stderr, `lost: ${segmentName(1)} at 224: expected checksum`);
    assertStringIncludes(stderr, "connection 1, from 2");
    assertStringIncludes(stderr, "behind its first 200 bytes");
    assertStringIncludes(stderr, "1 chunk of the recording is lost");
  });
});

Deno.test("replay with a framing that does not fit exits with 1, as connect does", async () => {
  await inDirectory(async (directory) => {
    await using server = sends("one\ntwo\n");
    await record(server.address, directory);
    const flags = ["--framing", "netstring", "--count"];
    const here = await replay(directory, "--speed", "flat-out", ...flags);
    const wire = await server.connect(...flags);
    const ends = [here, wire].map(({ code, stdout }) => [code, /^end .*/m.exec(stdout)?.[0]]);
    assertEquals(ends[0][0], 1, here.stderr);
    assertEquals(ends[0], ends[1]);
    assertStringIncludes(here.stderr, "expected a decimal digit of a length");
  });
});

Deno.test("replay --serve gives each client a recorded connection, then ends", async () => {
  await inDirectory(async (directory) => {
    const streams = [noise(random(1), 400_000), noise(random(2), 1000)];
    await using server = new TestServer((conn, number) => writeAll(conn, streams[number - 1]));
    for (const _ of streams) assertEquals((await record(server.address, directory)).code, 0);
    const child = start(
      [`--allow-read=${directory}`, "--allow-net=127.0.0.1"],
      ["replay", directory, "--serve", "--json", "--no-progress", "20s"],
    );
    const events = child.stdout.getReader();
    const { port } = JSON.parse((await readUntil(events, "\n")).split("\n")[0]);
    for (const stream of streams) {
      const address = `127.0.0.1:${port}`;
      const got = await run([`--allow-net=${address}`], [
        ...["connect", address, "--framing", "raw", "--hex"],
      ]);
      const hex = got.stdout.replaceAll("\n", "");
      assert(hex === Array.from(stream, (byte) => byte.toString(16).padStart(2, "0")).join(""));
    }
    let told = "";
    for (let next = await events.read(); !next.done; next = await events.read()) {
      told += new TextDecoder().decode(next.value);
    }
    await new Response(child.stderr).bytes();
    assertEquals((await child.status).code, 0);
    assertEquals(jsonLines(told).filter(({ type }) => type === "finish").length, 2);
  });
});

Deno.test("record and replay explain in one line what is wrong, and the exit code tells its kind", async () => {
  await inDirectory(async (directory) => {
    await using server = sends("x\n");
    const { address } = server;
    const net = `--allow-net=${address}`;
    const to = ["--dir", directory];
    const cases: [string[], string[], number, string][] = [
      [[net], ["record", address, ...to], 3, rights(directory).join(" ")],
      [
        rights(directory),
        ["record", address, ...to],
        3,
        `run again with --allow-net=${address}`,
      ],
      [[], ["replay", directory], 3, `run again with --allow-read=${directory}`],
      [
        ["--allow-read"],
        ["replay", `${directory}/none`],
        1,
        `cannot list ${directory}/none: there is no such directory, check its path\n`,
      ],
      [[], ["record", ...to], 2, "record needs a target as localhost:9000"],
      [[], ["record", address], 2, "record needs --dir DIR"],
      [["-A"], ["record", address, ...to, "--segment", "1"], 2, "--segment takes bytes from 4096"],
      [
        ["-A"],
        ["record", address, ...to, "--max", "5000"],
        2,
        "--max takes at least 67108864 bytes, the size of a segment",
      ],
      [["-A"], ["record", address, ...to, "--buffer", "9"], 2, "--buffer takes whole bytes from"],
      [[], ["record", address, ...to, "--when-behind", "x"], 2, "one of pause, stop"],
      [[], ["record", address, ...to, "--respond", "a=b"], 2, "--respond needs --framing"],
      [[], ["record", address, ...to, "--limit", "3"], 2, "Unknown flag --limit"],
      [[], ["replay"], 2, "replay takes one directory, got 0"],
      [[], ["replay", "a", "--speed", "fast"], 2, "--speed must be a number above 0"],
      [[], ["replay", "a", "--epochs", "5-2"], 2, "--epochs must be one connection"],
      [[], ["replay", "a", "--from", "2s", "--to", "1s"], 2, "--to must not be before --from"],
      [[], ["replay", "a", "--port", "1"], 2, "--port needs --serve"],
      [[], ["replay", "a", "--serve", "--hex"], 2, "--hex does not go with --serve"],
      [[], ["replay", "a", "--serve", "--framing", "raw"], 2, "--framing does not go with --serve"],
      [["--allow-read"], ["replay", directory], 1, "nothing of what was asked for"],
      [["--allow-read"], ["replay", directory, "--serve"], 3, "again with --allow-net=127.0.0.1:0"],
      [
        ["--allow-read", "--allow-net=127.0.0.1"],
        ["replay", directory, "--serve"],
        1,
        "nothing of what was asked for",
      ],
    ];
    for (const [permissions, args, code, message] of cases) {
      const result = await run(permissions, args);
      assertEquals([result.code, result.stdout], [code, ""], `${args.join(" ")}: ${result.stderr}`);
      assertStringIncludes(result.stderr, message);
      assertEquals(result.stderr.trimEnd().split("\n").length, 1, result.stderr);
    }
  });
});

Deno.test("replay --help has every flag that replay takes", async () => {
  const { stdout } = await run([], ["replay", "--help"]);
  const names = [...replayFlags.string, ...replayFlags.boolean];
  assertEquals(names.filter((name) => !new RegExp(`--${name}(?![\\w-])`).test(stdout)), []);
});

Deno.test("record --help and replay --help explain all of it", async () => {
  for (
    const [command, ...words] of [
      ["record", "--dir", "--when-behind", "--respond", "Exit codes"],
      ["replay", "--speed", "--epochs", "--serve", "--max-queue", "Exit codes"],
    ]
  ) {
    const { code, stdout } = await run([], [command, "--help"]);
    assertEquals(code, 0);
    for (const word of words) assertStringIncludes(stdout, word);
  }
});

/** Resolves once a segment holds a record, or more than `leastBytes`. */
async function untilRecorded(directory: string, leastBytes = 0): Promise<void> {
  const path = `${directory}/${segmentName(1)}`;
  await until(() => {
    try {
      return Deno.statSync(path).size > SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + leastBytes;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }, "record");
}
