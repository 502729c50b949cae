/** The command line of `spillway doctor --live`: what it refuses, and looks on standard input. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LIVE_HELP } from "../../../cli/doctor/live_flags.ts";
import { fixture } from "./fixtures.ts";
import { leftOut, runLive, type Told } from "./real.ts";

const ignore = await leftOut("doctor --live");

async function refused(permissions: string[], ...args: string[]): Promise<[number, string]> {
  const { code, stdout, stderr } = await runLive(permissions, args);
  assertEquals(stdout, "");
  return [code, stderr.replace(/^spillway doctor: /, "").trimEnd()];
}

Deno.test("--live refuses what can't be meant, and says what it takes", async () => {
  const cases: [string[], string][] = [
    [
      ["--live", "here"],
      "--live must be HOST:PORT, as of the server, or the number of a process, got here",
    ],
    [["--live", "[::1:80"], "or the number of a process, got [::1:80"],
    [["--live", "a:70000"], "or the number of a process, got a:70000"],
    [["--live", "0"], "--live must be HOST:PORT or the number of a process, got 0"],
    [["--live", "unix:/run/x"], "; a unix socket is not listed with its bytes"],
    [["--live", "300.0.0.1:80"], "--live: 300.0.0.1 is no IP address"],
    [["--live", "[fe80::x]:80"], "--live: fe80::x is no IP address"],
    [["--live", "1", "file.pcap"], "--live takes no file but -, got file.pcap"],
    [["--live", "1", "-"], "--live PID does not go with -"],
    [["--live", "1", "--interval", "1ms"], "--interval must be at least 10ms, got 1ms"],
    [["--live", "1", "--stall", "soon"], "--stall must be a time as 250ms, 1.5s or 2m, got soon"],
    [["--for", "1s"], "--for goes with --live only"],
  ];
  for (const [args, expected] of cases) {
    const [code, message] = await refused([], ...args);
    assertEquals(code, 2, message);
    assertStringIncludes(message, expected);
  }
});

Deno.test({
  name: "--live names the flag of a permission that is missing",
  ignore,
  async fn() {
    const cases: [string[], string, string][] = [
      [[], "10.0.0.1:9000", "needs run access to cat, run again with --allow-run=cat"],
      [["--allow-run=ls"], "10.0.0.1:9000", "run again with --allow-run=cat"],
      [[], "1234", "needs run access to cat and ls, run again with --allow-run=cat,ls"],
      [["--allow-run=cat"], "1234", "needs run access to ls, run again with --allow-run=ls"],
    ];
    for (const [permissions, target, expected] of cases) {
      const [code, message] = await refused(permissions, "--live", target);
      assertEquals(code, 3, message);
      assert(message.endsWith(expected), message);
    }
  },
});

Deno.test({
  name: "--live names the flag for a name that must be looked up, and that an address needs none",
  ignore,
  async fn() {
    const [code, message] = await refused(["--allow-run=cat"], "--live", "feed.example:9000");
    assertEquals(code, 3, message);
    assertMatch(
      message,
      /^looking feed\.example up \(not needed for a numeric address\) needs net access to (\S+:53), run again with --allow-net=\1$/,
    );
  },
});

Deno.test({
  name: "--live says what is there if nothing is connected to the server, or no such process is",
  ignore,
  async fn() {
    const [code, message] = await refused(["--allow-run=cat"], "--live", "192.0.2.1:9");
    assertEquals(code, 1);
    assertStringIncludes(message, "no socket here is connected to 192.0.2.1:9");
    assertEquals(await refused(["--allow-run=cat,ls"], "--live", "999999999"), [
      1,
      "process 999999999 is not there, or has no socket open",
    ]);
  },
});

/** Looks each 100 ms, at times of `/proc/uptime`; `queue` is the receive queue, `undefined`: it is gone. */
function recording(queues: (number | undefined)[]): string {
  const [header, line] = fixture("tcp").split("\n");
  return queues.map((queue, i) => {
    const hex = queue?.toString(16).toUpperCase().padStart(8, "0");
    const socket = hex === undefined ? "" : `${line.replace("0001F000", hex)}\n`;
    return `${(100 + i / 10).toFixed(2)} 99.00\n${header}\n${socket}`;
  }).join("");
}

Deno.test("--live - reads looks from standard input, needs no permission, and ends with it", async () => {
  const queues = [0, 0, ...Array.from({ length: 33 }, () => 560_000), 0, 0, undefined, undefined];
  const { code, stdout, stderr } = await runLive(
    [],
    ["--live", "127.0.0.1:9000", "-"],
    recording(queues),
  );
  assertEquals([code, stderr], [1, ""]);
  assertEquals(stdout.split("\n"), [
    "watching 127.0.0.1:9000: 1 socket",
    "+0 ms 127.0.0.1:33920: the program keeps up, nothing waits",
    "+700 ms 127.0.0.1:33920: the program has not read for 500 ms, 560 kB wait",
    "+3.5 s 127.0.0.1:33920: the program keeps up, nothing waits, after 3.2 s without a read",
    "+3.8 s 127.0.0.1:33920: the socket is gone, nothing waited at the last look",
    "",
    "127.0.0.1:33920 to 127.0.0.1:9000: the program did not read for 3.2 s, 560 kB waited; the socket is gone",
    "  verdict: slow_consumer (certain)",
    "  next: find out what the process does instead of reading (a stack dump, a profile)",
    "39 looks; standard input ended",
    "",
  ]);
});

Deno.test("--live - --json tells each change, and the summary", async () => {
  const input = recording([0, ...Array.from({ length: 25 }, () => 7), 0]);
  const args = ["--live", "*:9000", "-", "--json"];
  const { code, stdout } = await runLive([], args, input);
  assertEquals(code, 1);
  const told: Told[] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(told.map(({ type, state }) => `${type} ${state ?? ""}`), [
    "change keeping_up",
    "change not_reading",
    "state not_reading",
    "state not_reading",
    "change keeping_up",
    "summary ",
  ]);
  assertEquals(told[1].unread, 7);
  assertEquals(told[1].unreadMs, 500);
  const summary = told.at(-1)!;
  assertEquals(summary.end, "input_ended");
  assertEquals(summary.exitCode, 1);
  assertEquals(summary.verdict.kind, "slow_consumer");
  assertEquals(summary.sockets[0].totals.stalls, 1);
});

Deno.test("--live - counts lines that can't be read, and says what was expected of the first", async () => {
  const input = recording([0, 0]).replace("0100007F:2328 01", "0100007F:2328 99");
  const { code, stdout } = await runLive([], ["--live", "127.0.0.1:9000", "-"], input);
  assertEquals(code, 0);
  assertStringIncludes(
    stdout,
    '1 line could not be read, the first: line 3: expected a state from 01 to 0C, got "99"',
  );
});

Deno.test("--live - refuses what is no listing, and says if the socket never came", async () => {
  const args = ["--live", "127.0.0.1:9000", "-"];
  const none = await runLive([], args, "Last login: yesterday\n");
  assertEquals(none.code, 1);
  assertStringIncludes(
    none.stderr,
    "standard input has no look: expected a table that begins with sl local_address",
  );
  const other = await runLive([], ["--live", "10.0.0.9:9000", "-"], fixture("ss"));
  assertEquals(other.code, 1);
  assertStringIncludes(
    other.stderr,
    "no socket here is connected to 10.0.0.9:9000, there are connections to 127.0.0.1:9000, ",
  );
});

Deno.test("--live - takes ss, too, and hides what a terminal would obey", async () => {
  const text = fixture("ss").replaceAll('"python3"', '"\x1b[2Jevil"');
  const { stdout } = await runLive([], ["--live", "127.0.0.1:9000", "-"], text);
  assertStringIncludes(stdout, " ?[2Jevil (21571) 127.0.0.1:33920: ");
});

Deno.test("the help names every flag, permission and exit code", async () => {
  const { code, stdout } = await runLive([], ["--help"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, LIVE_HELP);
  for (const flag of ["--live", "--interval", "--stall", "--for", "--every", "--json"]) {
    assertStringIncludes(LIVE_HELP, `\n  ${flag} `);
  }
});
