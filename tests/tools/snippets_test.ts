import { snippets } from "../../tools/snippets.ts";
import { assertEquals } from "@std/assert";

const FENCE = "```";

function found(path: string, lines: string[]): unknown[] {
  return snippets(path, lines.join("\n"))
    .map(({ line, language, runs, code }) => [line, language, runs, code]);
}

Deno.test("snippets() finds ts and sh blocks of a document, and no others", () => {
  const lines = [
    "# Title",
    `${FENCE}sh`,
    "deno task demo",
    FENCE,
    `${FENCE}json`,
    "{}",
    FENCE,
    `${FENCE}ts no-run`,
    "const a = 1;",
    "",
    "const b = `x`;",
    FENCE,
  ];
  assertEquals(found("README.md", lines), [
    [2, "sh", true, "deno task demo\n"],
    [8, "ts", false, "const a = 1;\n\nconst b = `x`;\n"],
  ]);
});

Deno.test("snippets() reads the flags of the server a block talks to", () => {
  const lines = [`${FENCE}ts server="--framing lines --frames 5"`, "x();", FENCE];
  const [{ server, runs }] = snippets("README.md", lines.join("\n"));
  assertEquals(server, ["--framing", "lines", "--frames", "5"]);
  assertEquals(runs, true);
});

Deno.test("snippets() takes off the indent of a block in a list", () => {
  assertEquals(
    found("docs/a.md", [`  ${FENCE}ts`, "  f(() => {", "    g();", "  });", `  ${FENCE}`]),
    [
      [1, "ts", true, "f(() => {\n  g();\n});\n"],
    ],
  );
});

Deno.test("snippets() does not end a block at a shorter fence", () => {
  assertEquals(found("README.md", ["````ts", "// see", FENCE, "````"]), [
    [1, "ts", true, `// see\n${FENCE}\n`],
  ]);
});

Deno.test("snippets() looks into doc comments of a module only", () => {
  const lines = [
    "/**",
    " * Says it.",
    " *",
    ` * ${FENCE}ts ignore`,
    " * say(1);",
    ` * ${FENCE}`,
    " */",
    "const text = `",
    `${FENCE}ts`,
    "`;",
  ];
  assertEquals(found("mod.ts", lines), [[4, "ts", false, "say(1);\n"]]);
});
