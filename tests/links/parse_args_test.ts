import { parseArgs } from "@std/cli/parse-args";
import { assertEquals, assertStrictEquals } from "@std/assert";

Deno.test("parseArgs() reads flags that nobody declared", () => {
  assertEquals<unknown>(
    parseArgs(["--a", "--b=c", "--d", "e", "-f", "1", "-gh", "-i5", "1.5", "x"]),
    { _: [1.5, "x"], a: true, b: "c", d: "e", f: 1, g: true, h: true, i: 5 },
  );
});

Deno.test("parseArgs() keeps the text of string flags", () => {
  const flags = parseArgs(["--port", "0070", "--empty", "--size=1e3", "007"], {
    string: ["port", "empty", "size", "_"],
  });
  const port: string | undefined = flags.port;
  assertEquals(port, "0070");
  assertEquals<unknown>(flags, { _: ["007"], port: "0070", empty: "", size: "1e3" });
});

Deno.test("parseArgs() gives booleans a value, and no argument", () => {
  const flags = parseArgs(["--json", "file", "--raw=false", "--hex", "false"], {
    boolean: ["json", "raw", "hex", "count"],
  });
  const json: boolean = flags.json;
  assertEquals(json, true);
  assertEquals<unknown>(flags, { _: ["file"], json: true, raw: false, hex: false, count: false });
});

Deno.test("parseArgs() does not take a flag for a value, but a number after =", () => {
  assertEquals<unknown>(
    parseArgs(["--at", "-5", "--by=-5"], { string: ["at"] }),
    { _: [], at: "", by: -5, "5": true },
  );
});

Deno.test("parseArgs() takes no empty text for a value, but behind =", () => {
  assertEquals<unknown>(
    parseArgs(["--at", "", "--by", "", "--to=", "--json", "", "--no-x", ""], {
      string: ["at", "to"],
      boolean: ["json"],
    }),
    { _: ["", "", "", ""], at: "", by: true, to: "", json: true, "no-x": true },
  );
});

Deno.test("parseArgs() takes the last of repeated flags, and collects where asked", () => {
  const args = ["--a", "1", "--a", "2", "--b", "1", "--b", "2", "--c", "x"];
  const flags = parseArgs(args, { string: ["a", "b", "c", "d"], collect: ["b", "c", "d"] });
  const b: string[] = flags.b;
  assertEquals(b, ["1", "2"]);
  assertEquals<unknown>(flags, { _: [], a: "2", b: ["1", "2"], c: ["x"], d: [] });
  assertEquals<unknown>(parseArgs(["--n", "1", "--n", "2"], { collect: ["n"] }), {
    _: [],
    n: [1, 2],
  });
});

Deno.test("parseArgs() knows flags by other names", () => {
  assertEquals<unknown>(
    parseArgs(["-p", "70", "--loud"], {
      string: ["port"],
      boolean: ["verbose"],
      alias: { port: "p", verbose: ["v", "loud"] },
    }),
    { _: [], port: "70", p: "70", verbose: true, v: true, loud: true },
  );
});

Deno.test("parseArgs() fills in defaults", () => {
  const list = ["x"];
  const flags = parseArgs(["--a=1"], {
    string: ["a", "b"],
    boolean: ["c"],
    default: { a: "0", b: "2", c: true, list },
  });
  const b: string = flags.b;
  assertEquals(b, "2");
  assertEquals<unknown>(flags, { _: [], a: "1", b: "2", c: true, list });
  assertStrictEquals<unknown>(flags.list, list);
});

Deno.test("parseArgs() negates what is negatable only", () => {
  const options = { boolean: ["color"], negatable: ["color"], default: { color: true } };
  assertEquals<unknown>(parseArgs(["--no-color"], options), { _: [], color: false });
  assertEquals<unknown>(parseArgs([], options), { _: [], color: true });
  assertEquals<unknown>(parseArgs(["--no-x"]), { _: [], "no-x": true });
  assertEquals<unknown>(parseArgs(["--no-x", "5", "6"]), { _: [6], "no-x": 5 });
});

Deno.test("parseArgs() takes the name of --no-x=5 to be x", () => {
  assertEquals<unknown>(
    parseArgs(["--no-progress=5s"], { string: ["no-progress"] }),
    { _: [], progress: "5s" },
  );
  assertEquals<unknown>(
    parseArgs(["--no-progress", "5s"], { string: ["no-progress"] }),
    { _: [], "no-progress": "5s" },
  );
  assertEquals<unknown>(
    parseArgs(["--no-progress"], { string: ["no-progress"] }),
    { _: [], "no-progress": "" },
  );
});

Deno.test("parseArgs() asks about what nobody declared, and leaves out what is refused", () => {
  const asked: [string, string?][] = [];
  const flags = parseArgs(["--known=1", "--no=2", "-x", "--no-y", "file", "--list=3", "--z=4"], {
    string: ["known"],
    collect: ["list"],
    unknown: (arg, key) => {
      asked.push(key === undefined ? [arg] : [arg, key]);
      return key === "z";
    },
  });
  assertEquals(asked, [
    ["--no=2", "no"],
    ["-x", "x"],
    ["--no-y", "no-y"],
    ["--z=4", "z"],
  ]);
  assertEquals<unknown>(flags, { _: [], known: "1", list: [3], z: 4 });
});

Deno.test("parseArgs() asks about positional arguments by themselves", () => {
  const asked: unknown[][] = [];
  const unknown = (...args: unknown[]) => asked.push(args) > 1;
  assertEquals<unknown>(parseArgs(["a", "b"], { unknown }), { _: ["b"] });
  assertEquals(asked, [["a"], ["b"]]);
});

Deno.test("parseArgs() stops at the first positional argument where asked", () => {
  assertEquals<unknown>(
    parseArgs(["--a", "run", "--b", "--no-c"], { boolean: ["a"], stopEarly: true }),
    { _: ["run", "--b", "--no-c"], a: true },
  );
});

Deno.test("parseArgs() keeps apart what follows --", () => {
  assertEquals<unknown>(parseArgs(["a", "--", "--b", "5"]), { _: ["a", "--b", "5"] });
  const flags = parseArgs(["a", "--", "--b"], { "--": true });
  const rest: string[] = flags["--"];
  assertEquals(rest, ["--b"]);
  assertEquals<unknown>(flags, { _: ["a"], "--": ["--b"] });
});
