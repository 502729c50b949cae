import { parse } from "@std/jsonc";
import { assertEquals, assertThrows } from "@std/assert";

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
    ["{ a: 1 }", "at position 2"],
    ["{ 'a': 1 }", "at position 2"],
    ["[1 2]", "at position 3"],
    ["", "Unexpected end of JSONC input"],
    ['{ "a": ', "Unexpected end of JSONC input"],
  ];
  for (const [text, message] of cases) assertThrows(() => parse(text), SyntaxError, message);
});
