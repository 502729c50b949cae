/** A right that is missing is named with the whole flag, and that of Spillway's own files once for all. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { withWholeFlag } from "../../src/isolation/whole_flag.ts";

const OWN_SOURCE = fileURLToPath(new URL("../../src", import.meta.url));

Deno.test("withWholeFlag() names the path, and of this package's files their directory", () => {
  const said = (path: string) =>
    withWholeFlag(
      `Requires read access to "${path}", run again with the --allow-read flag\n  at x`,
    );
  assertStringIncludes(said("/a/b.ts"), "run again with --allow-read=/a/b.ts\n  at x");
  assertStringIncludes(said(`${OWN_SOURCE}2/b.ts`), `--allow-read=${OWN_SOURCE}2/b.ts\n`);
  assertStringIncludes(said(`${OWN_SOURCE}/reader/reader.ts`), `--allow-read=${OWN_SOURCE}\n`);
  assertEquals(withWholeFlag("something else"), "something else");
});

for (
  const [what, program, ...args] of [
    ["connectIsolated()", "../isolated/programs/computing.ts", "127.0.0.1:1", "file:///a.ts", "0"],
    ["workerHandler()", "./worker/programs/load_module.ts", "commands"],
  ]
) {
  Deno.test(`${what} without the right to read this package's files says which flag to add`, async () => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--unstable-worker-options", "--allow-net=127.0.0.1"],
        fileURLToPath(import.meta.resolve(program)),
        ...args,
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const told = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertStringIncludes(told, `run again with --allow-read=${OWN_SOURCE}\n`);
  });
}
