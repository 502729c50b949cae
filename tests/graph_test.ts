/** What importing or compiling the package takes along. */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);

/** Specifiers of all that `entry` imports, directly or not; those of the package relative to it. */
async function graphOf(entry: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: fileURLToPath(ROOT),
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  return modules.map(({ specifier }: { specifier: string }) =>
    specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : specifier
  );
}

/** Those of `specifiers` that begin in none of the ways said. */
function strangers(specifiers: string[], known: string[]): string[] {
  return specifiers.filter((specifier) => !known.some((start) => specifier.startsWith(start)));
}

/** All forms of the core among `specifiers`. */
function wasmIn(specifiers: string[]): string[] {
  return specifiers.filter((specifier) => /_wasm\.ts$|\.wasm$/.test(specifier)).sort();
}

/** Both are embedded; the one for shared memory is loaded when it is asked for. */
const CORES = ["src/core/core_shared_wasm.ts", "src/core/core_wasm.ts"];

Deno.test("mod.ts imports the client's own modules, the core among them, and nothing else", async () => {
  const graph = await graphOf("mod.ts");
  assertEquals(strangers(graph, ["mod.ts", "src/"]), []);
  // Who spills names spill.ts.
  assertEquals(graph.filter((specifier) => specifier.includes("spill")), []);
  assertEquals(wasmIn(graph), CORES);
});

Deno.test("the entry for recordings imports the package's own modules and nothing else", async () => {
  assertEquals(strangers(await graphOf("src/record/mod.ts"), ["src/"]), []);
});

Deno.test("the entry of the doctor imports the package's own modules, and zlib when it is asked for", async () => {
  const graph = await graphOf("doctor/mod.ts");
  assertEquals(strangers(graph, ["doctor/", "src/"]), ["node:zlib"]);
  // Who reads captures opens no connections.
  assertEquals(graph.filter((specifier) => /src\/(?:transport|reader|isolat)/.test(specifier)), []);
});

Deno.test("cli.ts imports modules, which are compiled in, and no file to be read", async () => {
  const graph = await graphOf("cli.ts");
  const own = [
    "cli.ts",
    "cli/",
    "push/",
    "mod.ts",
    "spill.ts",
    "isolation.ts",
    "doctor/",
    "src/",
    "deno.json",
  ];
  // Behind @std/ stand local stand-ins, or the real packages.
  const outside = ["node:", "links/", "npm:", "https://jsr.io/@std/"];
  assertEquals(strangers(graph, [...own, ...outside]), []);
  assertEquals(wasmIn(graph), [...CORES, "src/spill/crc32c_wasm.ts"]);
});
