import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { push } from "../../cli/push.ts";
import { OutputError } from "../../cli/standard_streams.ts";
import { run } from "./spillway.ts";

/** Catches what a command prints, line by line, while it runs. */
class Output implements Disposable {
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly #log = console.log;
  readonly #error = console.error;
  readonly #first = Promise.withResolvers<string>();
  /** The first line on standard output. */
  readonly first: Promise<string> = this.#first.promise;

  constructor() {
    console.log = (line: string) => {
      this.lines.push(line);
      this.#first.resolve(line);
    };
    console.error = (line: string) => this.errors.push(line);
  }

  [Symbol.dispose](): void {
    console.log = this.#log;
    console.error = this.#error;
  }
}

/** Starts `push`, connects to the port it says, and gives what it pushed and how it ended. */
async function pushAndRead(
  args: string[],
): Promise<{ text: string; code: number; lines: string[] }> {
  using output = new Output();
  const code = push([...args, "--clients", "1"]);
  const port = Number((await output.first).match(/(\d+)\D*$/)?.[1]);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const text = await new Response(conn.readable).text();
  return { text, code: await code, lines: output.lines };
}

Deno.test("push() pushes frames and logs for people", async () => {
  const { text, code, lines } = await pushAndRead(["--frames", "3", "--size", "12"]);
  assertEquals(code, 0);
  assertEquals(text.split("\n").map((line) => line.slice(0, 10)), [
    "0000000000",
    "0000000001",
    "0000000002",
    "",
  ]);
  assertStringIncludes(lines[0], "listening on 127.0.0.1:");
  assertStringIncludes(lines[1], "client 1 connected from 127.0.0.1:");
  assertStringIncludes(lines[2], "client 1 finished after");
  assertStringIncludes(lines[2], "3 frames (39 B) accepted");
});

Deno.test("push() logs JSON lines", async () => {
  const { text, code, lines } = await pushAndRead(
    ["--json", "--burst", "5/10ms", "--frames", "20", "--framing", "netstring", "--size", "4"],
  );
  assertEquals([code, text.length], [0, 20 * "4:....,".length]);
  const events = lines.map((line) => JSON.parse(line));
  assertEquals(events.map((event) => event.type), ["listening", "accept", "finish"]);
  assertEquals([events[2].framesAccepted, events[2].bytesAccepted], [20, 140]);
});

Deno.test("push() pushes a file as it is", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "recorded");
  const once = await pushAndRead(["--file", file]);
  assertEquals(once.text, "recorded");
  const looped = await pushAndRead(["--file", file, "--loop", "--frames", "2"]);
  assertEquals(looped.text, "recordedrecorded");
  await Deno.remove(file);
});

Deno.test("push() prints help", async () => {
  using output = new Output();
  assertEquals(await push(["--help"]), 0);
  for (const flag of ["port", "unix", "rate", "burst", "no-progress", "cut", "framing"]) {
    assertStringIncludes(output.lines[0], `--${flag} `);
  }
  assertStringIncludes(output.lines[0], "Permissions: --allow-net=HOST:PORT");
  assertStringIncludes(output.lines[0], "begins again after 16384 frames");
});

Deno.test("push() explains wrong command lines in one line and gives 2", async () => {
  const cases: [string, string][] = [
    ["--prot 1", "Unknown flag --prot"],
    ["somewhere", "takes flags only, got somewhere"],
    ["--port 70000", "from 0 to 65535, got 70000"],
    ["--size 9-8", "N or MIN-MAX"],
    ["--rate fast", "above 0, got fast"],
    ["--burst 5", "two values as A/B, got 5"],
    ["--burst 5/1s --rate 3", "a pace of its own"],
    ["--on-off 1s/1s", "--on-off needs --rate"],
    ["--max-queue 1MiB", "--max-queue needs --rate or --burst"],
    ["--no-progress=soon", "--no-progress must be a time"],
    ["--unix feed.sock --cut rst", "cannot be reset"],
    ["--unix feed.sock --port 5", "--port does not go with --unix"],
    ["--size", "--size needs a value"],
    ["--loop", "--loop needs --file"],
    ["--framing slip --delimiter x", "no meaning"],
  ];
  for (const [line, message] of cases) {
    using output = new Output();
    assertEquals(await push(line.split(" ")), 2, line);
    assertEquals(output.errors.length, 1);
    assertStringIncludes(output.errors[0], message);
    assert(!output.errors[0].includes("\n"));
  }
});

Deno.test("push() gives 1 when it cannot listen", async () => {
  using output = new Output();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assertEquals(await push(["--port", String(taken.addr.port)]), 1);
  assertEquals(output.errors, [
    `spillway push: cannot listen on 127.0.0.1:${taken.addr.port}: another program has the port, ` +
    "--port 0 takes a free one",
  ]);
  assertEquals(output.lines, []);
});

Deno.test("push says what is wrong with where it is to listen, with --json in JSON", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const cases: [string[], string][] = [
    [["--port", String(taken.addr.port)], "another program has the port"],
    [["--host", "nosuch.invalid"], "cannot listen on nosuch.invalid:0: there is no such name"],
    [["--unix", "/nix/feed.sock"], "cannot listen on unix:/nix/feed.sock: it can't be made there"],
  ];
  for (const [args, sentence] of cases) {
    const { code, stderr } = await run(["-A"], ["push", ...args, "--json"]);
    const { type, message } = JSON.parse(stderr);
    assertEquals([code, type], [1, "error"]);
    assertStringIncludes(message, sentence);
  }
});

Deno.test("push() names the file it cannot read, and the flag", async () => {
  using output = new Output();
  assertEquals(await push(["--file", "no/such/file"]), 2);
  assertStringIncludes(output.errors[0], "--file no/such/file cannot be read: ");
});

Deno.test("push names the flag of a missing permission in one sentence, and exits with 3", async () => {
  const unix = `${Deno.cwd()}/u.sock`;
  const cases: [string[], string[], string][] = [
    [[], ["--port", "9000"], "--allow-net=127.0.0.1:9000"],
    [[], ["--host", "::1", "--port", "9000"], "--allow-net=[::1]:9000"],
    [["--allow-net=localhost:1"], ["--host", "localhost", "--port", "1"], ",127.0.0.1:1"],
    [[], ["--file", "no.bin"], "--allow-read=no.bin"],
    [
      [],
      ["--unix", "u.sock"],
      `--allow-net=unix:${unix} --allow-read=${unix} --allow-write=${unix}`,
    ],
  ];
  for (const [permissions, args, flags] of cases) {
    const { code, stderr } = await run(permissions, ["push", ...args]);
    assertEquals(code, 3, stderr);
    assert(stderr.startsWith("spillway push: ") && stderr.endsWith(`${flags}\n`), stderr);
    assertEquals(stderr.split("\n").length, 2, stderr);
  }
});

Deno.test("push ends when an event can't be written, rather than going on unheard", async () => {
  using output = new Output();
  const code = push(["--frames", "1"]);
  const port = Number((await output.first).match(/(\d+)\D*$/)?.[1]);
  console.log = () => {
    throw new OutputError("standard output cannot be written: full");
  };
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.read(new Uint8Array(1)).catch(() => {});
  assertEquals(await code, 4);
  assertEquals(output.errors, ["spillway push: standard output cannot be written: full"]);
});
