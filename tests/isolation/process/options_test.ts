/** Options of process handlers, and the flags that come of grants. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { processHandler, type ProcessOptions } from "../../../isolation.ts";
import { OptionError } from "../../../mod.ts";
import { flagsOf } from "../../../src/isolation/process/flags.ts";

const NONE = ["--no-prompt", "--no-lock"];
const OFFLINE = ["--deny-import", "--cached-only"];

Deno.test("flagsOf() gives the flags of exactly the grants", () => {
  assertEquals(flagsOf({}), [...NONE, ...OFFLINE]);
  assertEquals(flagsOf({ net: false, read: [], write: undefined }), [...NONE, ...OFFLINE]);
  assertEquals(flagsOf({ net: ["a:1", "b"], env: true }), [
    ...NONE,
    "--allow-net=a:1,b",
    "--allow-env",
    ...OFFLINE,
  ]);
  assertEquals(flagsOf({ import: ["jsr.io"] }), [...NONE, "--allow-import=jsr.io"]);
});

const SPECIFIER = "file:///handler.ts";
const refused: [option: string, specifier: string, options: unknown][] = [
  ["specifier", "./handler.ts", {}],
  ["specifier", "handler.ts", {}],
  ["specifier", "blob:abc", {}],
  ["grants", SPECIFIER, { grants: { ffi: true } }],
  ["grants.read", SPECIFIER, { grants: { read: "all" } }],
  ["grants.read", SPECIFIER, { grants: { read: ["a,/"] } }],
  ["grants.net", SPECIFIER, { grants: { net: [""] } }],
  ["memoryLimitBytes", SPECIFIER, { memoryLimitBytes: 1024 }],
  ["memoryLimitBytes", SPECIFIER, { memoryLimitBytes: NaN }],
  ["batchTimeoutMs", SPECIFIER, { batchTimeoutMs: 0 }],
  ["startTimeoutMs", SPECIFIER, { startTimeoutMs: 2 ** 31 }],
  ["closeTimeoutMs", SPECIFIER, { closeTimeoutMs: "5" + "s" }],
  ["onFailure", SPECIFIER, { onFailure: "ignore" }],
  ["restart.maxAttempts", SPECIFIER, { restart: { maxAttempts: 0.5 } }],
  ["restart.initialDelayMs", SPECIFIER, { restart: { initialDelayMs: -1 } }],
  ["restart.maxDelayMs", SPECIFIER, { restart: { maxDelayMs: Infinity } }],
];

for (const [option, specifier, options] of refused) {
  Deno.test(`processHandler() refuses ${JSON.stringify(options)} for ${specifier}`, () => {
    const make = () => processHandler(specifier, options as ProcessOptions);
    const error = assertThrows(make, OptionError);
    assertEquals(error.option, option);
  });
}

Deno.test("processHandler() starts no process before open()", () => {
  const handler = processHandler(SPECIFIER);
  assertEquals([handler.stats().pid, handler.stats().starts], [undefined, 0]);
  assert(typeof handler.batch === "function");
});
