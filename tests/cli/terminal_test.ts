/** What `spillway connect` shows on a terminal: status line, colours, and neither elsewhere. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Finished, TestServer, writeAll } from "./spillway.ts";

const ERASE = "\r\x1b[K";
const here = (name: string): string => new URL(name, import.meta.url).pathname;
const ignore = Deno.build.os === "windows";

/** Runs the command on a terminal. */
async function onTerminal(
  server: TestServer,
  args: string[],
  env: Record<string, string> = {},
): Promise<Finished> {
  const command = [
    ...["python3", here("terminal.py"), Deno.execPath(), "run", "--quiet", "--no-prompt"],
    ...[`--allow-net=${server.address}`, here("../../cli.ts"), "connect", server.address, ...args],
  ];
  const { code, stdout } = await new Deno.Command(command[0], {
    args: command.slice(1),
    env: { TERM: "xterm", NO_COLOR: "", ...env },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: "" };
}

/** A server that sends a line at a time for longer than a status line takes to come. */
function slowly(): TestServer {
  return new TestServer(async (conn) => {
    for (let i = 0; i < 15; i++) {
      await writeAll(conn, new TextEncoder().encode(`line ${i}\n`));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
}

/** What is left to see: lines that were erased are not. */
function visible(shown: string): string[] {
  const lines = shown.split("\r\n").map((line) => line.split(ERASE).at(-1)!);
  // deno-lint-ignore no-control-regex -- colours
  return lines.map((line) => line.replace(/\x1b\[\d+m/g, ""));
}

Deno.test({
  name: "connect shows a status line on a terminal and takes it away again",
  ignore,
  async fn() {
    await using server = slowly();
    const { code, stdout } = await onTerminal(server, []);
    assertEquals(code, 0);
    assertStringIncludes(stdout, `${ERASE}`);
    assert(/\d frames\/s · \d+(\.\d)? k?B\/s · batch \d+/.test(stdout));
    const seen = visible(stdout);
    assertEquals(seen[0], `connected to ${server.address}`);
    assertEquals(seen.slice(1, 16), Array.from({ length: 15 }, (_, i) => `line ${i}`));
    assert(!seen.some((line) => line.includes("frames/s · ")), "no status line is left");
  },
});

Deno.test({
  name: "connect colours what it says on a terminal, unless NO_COLOR is set",
  ignore,
  async fn() {
    await using server = slowly();
    const coloured = await onTerminal(server, ["--limit", "1"]);
    assertStringIncludes(coloured.stdout, `\x1b[2mconnected to ${server.address}\x1b[22m`);
    const plain = await onTerminal(server, ["--limit", "1"], { NO_COLOR: "1" });
    assert(!plain.stdout.includes("\x1b[2m"));
  },
});

Deno.test({
  name: "connect --json and --raw show no status line on a terminal",
  ignore,
  async fn() {
    for (const flag of ["--json", "--raw"]) {
      await using server = slowly();
      assert(!(await onTerminal(server, [flag])).stdout.includes(ERASE), flag);
    }
  },
});

Deno.test({
  name: "Ctrl-C ends connect where Deno asks whether it may connect",
  ignore,
  async fn() {
    await using server = slowly();
    const asking = new Deno.Command("python3", {
      args: [
        ...[here("terminal.py"), Deno.execPath(), "run", "--quiet"],
        ...[here("../../cli.ts"), "connect", server.address],
      ],
      env: { TERM: "xterm", INTERRUPT_AT: "Allow?" },
      stdout: "piped",
    }).spawn();
    const end = asking.output();
    const timer = setTimeout(() => asking.kill(), 10_000);
    const { code, signal, stdout } = await end;
    clearTimeout(timer);
    assertEquals(signal, null);
    assert(code !== 0, new TextDecoder().decode(stdout));
  },
});
