import { parse } from "@std/jsonc";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

Deno.test("parse() takes comments and trailing commas", () => {
  const text = `// one\n{ "a": [1, /* two */ "x//y",], "b": { "c": null, }, }\n`;
  assertEquals(parse(text), { a: [1, "x//y"], b: { c: null } });
});

Deno.test("parse() takes __proto__ for a name like any other", () => {
  const value = parse(`{ "__proto__": 1 }`) as Record<string, unknown>;
  assertEquals(Object.getOwnPropertyNames(value), ["__proto__"]);
});

Deno.test("parse() throws a SyntaxError with the position", () => {
  const cases: [string, string][] = [
    ["{ a: 1 }", 'unexpected token "a" in JSONC at position 2'],
    ["{ 'a': 1 }", "in JSONC at position 2"],
    ["[1 2]", 'unexpected token "2" in JSONC at position 3'],
    ["[1,,2]", 'unexpected token "," in JSONC at position 3'],
    ["", "unexpected end of JSONC input"],
    ['{ "a": ', "unexpected end of JSONC input"],
  ];
  for (const [text, message] of cases) {
    const error = assertThrows(() => parse(text), SyntaxError, message);
    assertStringIncludes(error.message, "Cannot parse JSONC: ");
  }
});
