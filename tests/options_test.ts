/** Clumsy options: refused by name, before anything is connected. */
import { assertEquals, assertInstanceOf } from "@std/assert";
import { connect, OptionError } from "../mod.ts";
import { serveThenWait, within } from "./client/harness.ts";

const lines = { type: "lines" };
const beat = { everyMs: 1000, bytes: "x" };
const column = { name: "a", type: "u8", at: 0 };

const EMPTY_WASM = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** The option that is wrong, and options with such a value. */
const clumsy: [string, unknown][] = [
  ...[undefined, null, 5, "lines"].map((options): [string, unknown] => ["options", options]),
  ...[undefined, null, "lines"].map((framing): [string, unknown] => ["framing", { framing }]),
  ...[{}, { type: "Lines" }, { type: "toString" }, { type: 5 }]
    .map((framing): [string, unknown] => ["framing.type", { framing }]),
  ["framing.maxFrameLength", { framing: { ...lines, maxFrameLength: 0 } }],
  ["framing.maxFrameLength", { framing: { ...lines, maxFrameLength: 1e9 } }],
  ["framing.maxFrameLength", { framing: { ...lines, maxFrameLength: "1" } }],
  ["framing.onInvalid", { framing: { ...lines, onInvalid: "ignore" } }],
  ["framing.delimiter", { framing: { type: "delimiter" } }],
  ["framing.delimiter", { framing: { type: "delimiter", delimiter: "" } }],
  ["framing.delimiter", { framing: { type: "delimiter", delimiter: "123456789" } }],
  ["framing.frameLength", { framing: { type: "fixed_length" } }],
  ["framing.lengthFieldLength", { framing: { type: "length_field", lengthFieldLength: 5 } }],
  ["framing.byteOrder", { framing: { type: "length_field", byteOrder: "network" } }],
  ...[0, -1, NaN, Infinity, "9"].map((value): [string, unknown] => [
    "connectTimeoutMs",
    { connectTimeoutMs: value },
  ]),
  ...[-1, NaN, Infinity, 2 ** 31, "9"].map((value): [string, unknown] => [
    "idleTimeoutMs",
    { idleTimeoutMs: value },
  ]),
  ...["dutyCycleMs", "drainBytes", "drainMs", "writeQueueBytes"].flatMap((name) =>
    [0, -1, NaN, "9"].map((value): [string, unknown] => [name, { [name]: value }])
  ),
  ...[0, 1, 2 * 256 * 1024 - 1, 2 ** 40, NaN, "2"].map((
    bufferBytes,
  ): [string, unknown] => ["bufferBytes", { bufferBytes }]),
  ["whenFull", { whenFull: "panic" }],
  ["highWaterBytes", { highWaterBytes: 0 }],
  ["highWaterBytes", { highWaterBytes: 2 ** 30 }],
  ["lowWaterBytes", { lowWaterBytes: -1 }],
  ["lowWaterBytes", { highWaterBytes: 1000, lowWaterBytes: 1000 }],
  ...[0, "yes"].map((coalesceReads): [string, unknown] => ["coalesceReads", { coalesceReads }]),
  ["hello", { hello: 5 }],
  ["hello", { hello: ["x"] }],
  ["handshake", { handshake: "AUTH" }],
  ["onEvent", { onEvent: {} }],
  ["signal", { signal: "now" }],
  ["signal", { signal: new AbortController() }],
  ["respond", { respond: { match: "a", send: "b" } }],
  ["respond[0].match", { respond: [null] }],
  ["respond[0].match", { respond: [{ match: "", send: "b" }] }],
  ["respond[1].send", { respond: [{ match: "a", send: "b" }, { match: "a" }] }],
  ["respond", { respond: Array.from({ length: 17 }, () => ({ match: "a", send: "b" })) }],
  ["respond[1].send", {
    writeQueueBytes: 4,
    respond: [{ match: "a", send: "four" }, { match: "b", send: "five5" }],
  }],
  ["respond[0].send", { respond: [{ match: "a", send: new Uint8Array(2 ** 20 + 1) }] }],
  ["heartbeat.bytes", { writeQueueBytes: 4, heartbeat: { everyMs: 5, bytes: "éé!" } }],
  ["heartbeat.bytes", { heartbeat: { everyMs: 5 } }],
  ["heartbeat.bytes", { heartbeat: null }],
  ["heartbeat.everyMs", { heartbeat: { ...beat, everyMs: 0 } }],
  ["heartbeat.everyMs", { heartbeat: { ...beat, everyMs: Infinity } }],
  ["reconnect", { reconnect: 5 }],
  ["reconnect", { reconnect: "always" }],
  ["reconnect.initialDelayMs", { reconnect: { initialDelayMs: -1 } }],
  ["reconnect.maxDelayMs", { reconnect: { maxDelayMs: Infinity } }],
  ["reconnect.maxDelayMs", { reconnect: { initialDelayMs: 100, maxDelayMs: 99 } }],
  ["reconnect.maxAttempts", { reconnect: { maxAttempts: 0 } }],
  ["columns", { columns: column }],
  ["columns", { columns: Array.from({ length: 99 }, (_, i) => ({ ...column, name: `${i}` })) }],
  ["columns[0]", { columns: [null] }],
  ["columns[0].name", { columns: [{ ...column, name: "" }] }],
  ["columns[1].name", { columns: [column, column] }],
  ["columns[0].type", { columns: [{ ...column, type: "u24" }] }],
  ["columns[0].type", { columns: [{ ...column, type: "constructor" }] }],
  ["columns[0].at", { columns: [{ ...column, at: -1 }] }],
  ["columns[0].at", { columns: [{ ...column, at: 0.5 }] }],
  ["columns[0].byteOrder", { columns: [{ ...column, byteOrder: "middle" }] }],
  ["heartbeat.everyMs", { heartbeat: { ...beat, everyMs: "9" } }],
  ["heartbeat.everyMs", { heartbeat: { ...beat, everyMs: 9n } }],
  ["bufferBytes", { bufferBytes: 2n ** 22n }],
  ["highWaterBytes", { highWaterBytes: "1000" }],
  ["highWaterBytes", { highWaterBytes: 1000n }],
  ["lowWaterBytes", { lowWaterBytes: false }],
  ["framing.keepDelimiter", { framing: { ...lines, keepDelimiter: "no" } }],
  ["framing.resync", { framing: { type: "length_field", resync: "crc32" } }],
  ["framing.resync", { framing: { type: "fixed_length", frameLength: 9, resync: true } }],
  ["framing.resync.checksum.type", {
    framing: { type: "length_field", resync: { checksum: null } },
  }],
  ["module", { module: {} }],
  ["module", { module: new WebAssembly.Module(EMPTY_WASM) }],
];

Deno.test("connect() refuses clumsy options by name and connects to nothing", async () => {
  await using server = serveThenWait();
  for (const [option, options] of clumsy) {
    const given = typeof options === "object" && options !== null
      ? { framing: lines, ...options }
      : options;
    const attempt = connect(server.target, given as never).catch((error) => error);
    const error = await within(attempt, "refusal");
    assertInstanceOf(error, OptionError, Deno.inspect(options, { depth: 3 }));
    assertEquals(error.option, option, error.message);
  }
  assertEquals(server.accepted, 0);
});

Deno.test("an OptionError says what is taken and what came", () => {
  const error = new OptionError("dutyCycleMs", "a number above 0", "two");
  assertEquals(error.message, 'dutyCycleMs takes a number above 0, got "two"');
});
