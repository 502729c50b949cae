import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { inDirectory } from "../spill/harness.ts";
import { feed, RUN_DENO, SILENT, WORKERS } from "./handler_runs.ts";
import { sends } from "./spillway.ts";

Deno.test("that a handler is ready is told with the time of its whole start, wherever it runs", async () => {
  await using server = sends("1\n");
  await inDirectory(async (directory) => {
    const source = `await new Promise((resolve) => setTimeout(resolve, 300)); ${SILENT}`;
    for (const isolation of ["worker", "process"]) {
      const { code, stderr } = await feed(
        server,
        directory,
        { h: source },
        [RUN_DENO, ...WORKERS],
        "--isolation",
        isolation,
      );
      assertEquals(code, 0, stderr);
      const [, seconds] = /^the handler: .* is ready after (\d+\.\d{3}) s$/m.exec(stderr) ?? [];
      assertGreaterOrEqual(Number(seconds), 0.3, stderr);
    }
  });
});
