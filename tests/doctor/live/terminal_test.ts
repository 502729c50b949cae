/** What `spillway doctor --live` shows on a terminal: lines drawn in place. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CLI, leftOut, Pusher, SlowClient } from "./real.ts";

const ignore = await leftOut("doctor --live on a terminal", "python3");
const here = (name: string): string => new URL(name, import.meta.url).pathname;

Deno.test({
  name: "--live draws how much waits in place, and leaves changes and the summary",
  ignore,
  async fn() {
    await using server = new Pusher();
    await using client = new SlowClient(server.port);
    const port = await client.connected();
    server.push(400, 10);
    const address = `127.0.0.1:${server.port}`;
    const { code, stdout } = await new Deno.Command("python3", {
      args: [
        ...[here("../../cli/terminal.py"), Deno.execPath(), "run", "--quiet", "--no-prompt"],
        ...["--allow-run=cat", CLI, "doctor", "--live", address, "--for", "3s"],
      ],
      env: { TERM: "xterm", NO_COLOR: "" },
    }).output();
    assertEquals(code, 1);
    const text = new TextDecoder().decode(stdout).replaceAll("\r\n", "\n");
    assertStringIncludes(text, `\x1b[2A\r\x1b[J`);
    assert(/[▁▂▃▄▅▆▇█]{3} +\d+(\.\d)? kB 127\.0\.0\.1:\d+\n/.test(text), text);
    assertStringIncludes(text, "\x1b[31m  no look saw the program read for ");
    // What is left once all that was erased is gone.
    const seen: string[] = [];
    for (const part of text.split("\r\x1b[J")) {
      const lines = part.split("\n");
      // deno-lint-ignore no-control-regex -- the cursor goes up
      const up = /^\x1b\[(\d+)A$/.exec(lines.at(-1)!);
      seen.push(...lines.slice(0, up === null ? lines.length : -1));
      if (up !== null) seen.splice(seen.length - Number(up[1]));
    }
    // deno-lint-ignore no-control-regex -- colours
    const left = seen.map((line) => line.replace(/\x1b\[\d+m/g, "")).filter((line) => line !== "");
    assertEquals(left[0], `watching ${address}: 1 socket`);
    assertStringIncludes(left[1], ` 127.0.0.1:${port}: `);
    assert(left.some((line) => line.startsWith("  verdict: slow_consumer")), left.join("\n"));
    assert(!left.some((line) => /[▁▂▃▄▅▆▇█]/.test(line)), left.join("\n"));
  },
});
