/** `spillway doctor` as a process, with no more permissions than it says it needs. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { DoctorReport } from "../../doctor/mod.ts";
import { gzip } from "../doctor/support/capture.ts";
import { captureOf, Scene } from "../doctor/support/scene.ts";
import { type Finished, run } from "./spillway.ts";

const CLI = new URL("../../cli.ts", import.meta.url).href;
const CAPTURES = new URL("../testdata/captures/", import.meta.url).pathname;
const SLOW = `${CAPTURES}a_slow_rst.pcap`;
const HEALTHY = `${CAPTURES}i_healthy.pcap`;
const ESCAPE = "\x1b";

/** Runs the doctor with permission to read these files. */
function doctor(files: string[], ...args: string[]): Promise<Finished> {
  const real = files.filter((file) => file !== "-");
  return run(real.length === 0 ? [] : [`--allow-read=${real}`], ["doctor", ...files, ...args]);
}

/** Starts the doctor with no permissions on standard input. */
function onPipe(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", CLI, "doctor", "-", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function finished(child: Deno.ChildProcess): Promise<Finished> {
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** The doctor's word on `bytes` from standard input. */
async function piped(bytes: Uint8Array, ...args: string[]): Promise<Finished> {
  const child = onPipe(...args);
  const done = finished(child);
  const writer = child.stdin.getWriter();
  // It may have seen enough before the end.
  await writer.write(bytes).then(() => writer.close()).catch(() => {});
  return await done;
}

/** Work with a file of `bytes` that is gone afterwards. */
async function withFile(bytes: Uint8Array, work: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    await Deno.writeFile(path, bytes);
    await work(path);
  } finally {
    await Deno.remove(path);
  }
}

function open(): Scene {
  return new Scene().handshake().wait(5).feed(1300);
}

Deno.test("doctor exits with 0 if nothing is wrong, 1 if something is", async () => {
  const [fine, wrong] = await Promise.all([doctor([HEALTHY]), doctor([SLOW])]);
  assertEquals([fine.code, fine.stderr], [0, ""]);
  assertEquals([wrong.code, wrong.stderr], [1, ""]);
  assertStringIncludes(wrong.stdout, "did not read fast enough");
});

Deno.test("doctor exits with 2 for a command line it does not know", async () => {
  const lines = [
    [[], "expected a capture"],
    [[SLOW, "--nope"], "--nope"],
    [[SLOW, "--json", "--all"], "--all"],
    [["-", "-"], "only once"],
    [[SLOW, HEALTHY, "--html", "page.html"], "--html takes one capture"],
    [[SLOW, "--html", `${CAPTURES}./a_slow_rst.pcap`], "the capture itself"],
    [[SLOW, "--filter", ""], "--filter"],
    [[SLOW, "--filter", "4000"], "did you mean :4000?"],
    [[SLOW, "--filter", "example.org:4000"], "numeric IP address"],
    [[SLOW, "--filter", ":65536"], "65536"],
    [[SLOW, "--filter", "10.0.0.1:"], "address"],
  ] as const;
  for (const [args, message] of lines) {
    const { code, stdout, stderr } = await run(["--allow-read"], ["doctor", ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, message, args.join(" "));
  }
});

Deno.test("doctor exits with 3 and names the flag if a permission is missing", async () => {
  const read = await run([], ["doctor", SLOW]);
  assertEquals([read.code, read.stdout], [3, ""]);
  assertStringIncludes(read.stderr, "--allow-read");
  const write = await doctor([SLOW], "--html", "never.html");
  assertEquals(write.code, 3);
  assertStringIncludes(write.stderr, "--allow-write");
});

Deno.test("doctor exits with 4 if a capture can't be read, or is none", async () => {
  for (
    const [path, message] of [
      [`${CAPTURES}labels.json`, "capture was expected"],
      [`${CAPTURES}missing.pcap`, "there is no file"],
      [CAPTURES, "is a directory"],
    ]
  ) {
    const { code, stdout, stderr } = await doctor([path]);
    assertEquals([code, stdout], [4, ""], path);
    assertStringIncludes(stderr, message);
    assertStringIncludes(stderr, path);
  }
  const { code, stderr } = await piped(new TextEncoder().encode("x".repeat(99)));
  assertEquals(code, 4);
  assertStringIncludes(stderr, "standard input");
});

Deno.test("doctor exits with 5 if it can't be told, or there is nothing to tell", async () => {
  const scene = open();
  scene.packets.splice(0, 3);
  const oneWay = scene.packets.filter((_, index) => index % 2 === 0);
  scene.packets.splice(0, scene.packets.length, ...oneWay);
  assertEquals((await piped(captureOf(scene))).code, 5);
  assertEquals((await piped(captureOf(new Scene()))).code, 5);
  assertEquals((await doctor([SLOW], "--filter", ":1")).code, 5);
});

Deno.test("doctor --json prints one object for each capture", async () => {
  const { code, stdout, stderr } = await doctor([SLOW, HEALTHY], "--json");
  assertEquals([code, stderr], [1, ""]);
  const lines = stdout.trimEnd().split("\n");
  const reports: (DoctorReport & { file: string })[] = lines.map((line) => JSON.parse(line));
  assertEquals(reports.map(({ file }) => file), [SLOW, HEALTHY]);
  assertEquals(reports[0].connections[0].verdicts[0].outcome, "cut");
  assertEquals(reports[1].connections[0].verdicts[0].kind, "server_closed");
});

Deno.test("doctor --filter takes addresses and ports in all forms", async () => {
  const v6 = `${CAPTURES}r_ipv6_flap.pcap`;
  const { server } = JSON.parse((await doctor([v6], "--json")).stdout).connections[0];
  const { client } = JSON.parse((await doctor([SLOW], "--json")).stdout).connections[0];
  const forms: [string, string, number][] = [
    [SLOW, ":4000", 1],
    [SLOW, client.address, 1],
    [SLOW, `${client.address}:${client.port}`, 1],
    [SLOW, `[::ffff:${client.address}]:${client.port}`, 1],
    [SLOW, `${client.address}:4000`, 0],
    [v6, server.address, 1],
    [v6, `[${server.address}]`, 1],
    [v6, `[${server.address}]:${server.port}`, 1],
    [v6, `[${server.address}]:1`, 0],
  ];
  for (const [file, filter, count] of forms) {
    const { stdout } = await doctor([file], "--json", "--filter", filter);
    assertEquals(JSON.parse(stdout).connections.length, count, filter);
  }
});

Deno.test("doctor reports the other captures though one is none", async () => {
  const missing = `${CAPTURES}missing.pcap`;
  const { code, stdout, stderr } = await doctor([SLOW, missing, HEALTHY]);
  assertEquals(code, 4);
  assertStringIncludes(stdout, SLOW);
  assertStringIncludes(stdout, HEALTHY);
  assertStringIncludes(stderr, `there is no file ${missing}`);
  assert(stdout.indexOf(SLOW) < stdout.indexOf(HEALTHY));
});

Deno.test("doctor reports a capture that breaks off up to there", async () => {
  await withFile(Deno.readFileSync(SLOW).subarray(0, -7), async (path) => {
    const { code, stdout } = await doctor([path]);
    assertEquals(code, 1);
    assertStringIncludes(stdout, "the last record is cut off");
  });
});

Deno.test("doctor reads standard input without any permission, compressed or not", async () => {
  const bytes = Deno.readFileSync(SLOW);
  const [plain, packed] = await Promise.all([
    piped(bytes, "--json"),
    piped(gzip(bytes, { members: 2 }), "--json"),
  ]);
  assertEquals([plain.code, packed.code], [1, 1]);
  const [a, b] = [JSON.parse(plain.stdout), JSON.parse(packed.stdout)];
  assertEquals(a.connections, b.connections);
  assertEquals([a.file, a.capture.format, b.capture.format], ["-", "pcap", "gzip pcap"]);
});

Deno.test({
  name: "doctor gives the report of a pipe that is interrupted",
  ignore: Deno.build.os === "windows",
  async fn() {
    const scene = new Scene({ mss: 100 }).handshake().wait(5).feed(60_000, 10, 40).fill();
    for (let i = 0; i < 4; i++) {
      scene.wait(500).say("server", { at: scene.server.next - 1 }).wait(1).ack("client");
    }
    const child = onPipe();
    const done = finished(child);
    const writer = child.stdin.getWriter();
    const bytes = captureOf(scene);
    // More than a pipe holds: when it is written, it is read, and signals are listened to.
    assert(bytes.length > 500_000);
    await writer.write(bytes);
    await new Promise<void>((resolve) => setTimeout(resolve, 200));
    child.kill("SIGINT");
    const { code, stdout } = await done;
    await writer.close().catch(() => {});
    assertEquals(code, 1, stdout);
    assertStringIncludes(stdout, "it has not read since");
  },
});

Deno.test("doctor writes no colours to a pipe", async () => {
  const { stdout } = await doctor([SLOW], "--all");
  assert(!stdout.includes(ESCAPE));
});

Deno.test({
  name: "doctor colours what it says on a terminal, unless NO_COLOR is set",
  ignore: Deno.build.os === "windows",
  async fn() {
    const terminal = new URL("terminal.py", import.meta.url).pathname;
    const shown = async (noColour: string) => {
      const args = [terminal, Deno.execPath(), "run", "--quiet", "--no-prompt"];
      const { stdout } = await new Deno.Command("python3", {
        args: [...args, `--allow-read=${SLOW}`, CLI, "doctor", SLOW],
        env: { TERM: "xterm", NO_COLOR: noColour },
      }).output();
      return new TextDecoder().decode(stdout);
    };
    assertStringIncludes(await shown(""), `${ESCAPE}[3`);
    assert(!(await shown("1")).includes(`${ESCAPE}[3`));
  },
});

Deno.test("doctor prints no control characters, whatever a capture is called", async () => {
  const { code, stderr } = await doctor([`${CAPTURES}no${ESCAPE}[31mfile`]);
  assertEquals(code, 4);
  assert(!stderr.includes(ESCAPE), JSON.stringify(stderr));
});

Deno.test("doctor writes a page that holds the report", async () => {
  const page = await Deno.makeTempFile({ suffix: ".html" });
  try {
    const permissions = [`--allow-read=${SLOW}`, `--allow-write=${page}`];
    const { code } = await run(permissions, ["doctor", SLOW, "--html", page]);
    assertEquals(code, 1);
    assertStringIncludes(await Deno.readTextFile(page), "did not read fast enough");
  } finally {
    await Deno.remove(page);
  }
});

Deno.test("doctor --help says what there is, and needs nothing", async () => {
  const { code, stdout } = await run([], ["doctor", "--help"]);
  assertEquals(code, 0);
  for (const flag of ["--filter", "--html", "--all", "--json", "Exit codes"]) {
    assertStringIncludes(stdout, flag);
  }
});
