import { assertEquals, assertStringIncludes } from "@std/assert";
import { main } from "../../cli.ts";
import config from "../../deno.json" with { type: "json" };
import { run } from "./spillway.ts";

/** What `main` prints, without a process. */
async function said(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const original = { log: console.log, error: console.error };
  const printed = { out: "", error: "" };
  console.log = (text: string) => printed.out += text;
  console.error = (text: string) => printed.error += text;
  try {
    return { code: await main(args), ...printed };
  } finally {
    Object.assign(console, original);
  }
}

Deno.test("main() prints help and version", async () => {
  for (const word of ["--help", "-h", "help"]) {
    const { code, out } = await said(word);
    assertEquals(code, 0);
    for (const command of ["connect", "push", "spill", "demo"]) {
      assertStringIncludes(out, `\n  ${command} `);
    }
  }
  assertEquals(await said("--version"), { code: 0, out: config.version, error: "" });
});

Deno.test("main() explains what is no command and gives 2", async () => {
  const cases: [string[], string][] = [
    [[], "Usage: spillway COMMAND"],
    [["conect"], "unknown command conect, did you mean connect?"],
    [["pus", "--port", "1"], "did you mean push?"],
    [["frobnicate"], "unknown command frobnicate, --help lists"],
    [["localhost:9000"], "did you mean spillway connect localhost:9000?"],
    [["--count"], "expected a command before --count"],
    [["toString"], "unknown command toString"],
  ];
  for (const [args, message] of cases) {
    const { code, out, error } = await said(...args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assertStringIncludes(error, message);
  }
});

Deno.test("main() passes arguments on to a command and gives its exit code", async () => {
  const help = await said("connect", "--help");
  assertEquals(help.code, 0);
  assertStringIncludes(help.out, "Usage: spillway connect");
  assertEquals((await said("connect")).code, 2);
});

Deno.test("cli.ts needs no permission to speak, and exits with what main() gives", async () => {
  assertEquals(await run([], ["--version"]), {
    code: 0,
    stdout: `${config.version}\n`,
    stderr: "",
  });
  assertEquals((await run([], ["nothing"])).code, 2);
});
