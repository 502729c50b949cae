import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Framing } from "../../src/framing.ts";
import { Feed } from "../../push/feed.ts";
import { generatedFeed, recordedFeed } from "../../push/generate.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const parts = (...texts: string[]): Uint8Array[] => texts.map((t) => new TextEncoder().encode(t));

/** Frames `first` to `last` of a feed, one string each. */
const framesOf = (feed: Feed, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => text(feed.piece(first + i, 1, 0).bytes));

Deno.test("Feed.piece() gives whole frames within its limits, but at least one", () => {
  const feed = new Feed(parts("a", "bb", "ccc", "dddd"), { repeat: true });
  assertEquals(feed.piece(0, 10, 100), { bytes: parts("abbcccdddd")[0], frames: 4 });
  assertEquals(feed.piece(0, 10, 3), { bytes: parts("abb")[0], frames: 2 });
  assertEquals(feed.piece(0, 10, 5), { bytes: parts("abb")[0], frames: 2 });
  assertEquals(feed.piece(1, 2, 100), { bytes: parts("bbccc")[0], frames: 2 });
  assertEquals(feed.piece(3, 1, 1), { bytes: parts("dddd")[0], frames: 1 });
});

Deno.test("Feed numbers frames on through its repetitions", () => {
  const feed = new Feed(parts("a", "bb", "ccc"), { repeat: true });
  assertEquals(framesOf(feed, 0, 6), ["a", "bb", "ccc", "a", "bb", "ccc", "a"]);
  assertEquals([0, 1, 2, 3, 4, 7].map((i) => feed.bytesBefore(i)), [0, 1, 3, 6, 7, 13]);
  assertEquals(feed.frames, Infinity);
  assertEquals(new Feed(parts("a", "b"), { repeat: false }).frames, 2);
});

Deno.test("generatedFeed() numbers its frames big-endian behind the length field", () => {
  const framing: Framing = {
    type: "length_field",
    lengthFieldOffset: 3,
    lengthFieldLength: 2,
    resync: { magic: Uint8Array.of(0xca), checksum: { type: "crc16" } },
  };
  const feed = generatedFeed(framing, { size: 16, period: 300 });
  const frame = feed.piece(258, 1, 0).bytes;
  assertEquals(frame.length, 3 + 2 + 16 + 2);
  assertEquals([...frame.subarray(0, 9)], [0xca, 0, 0, 0, 18, 0, 0, 1, 2]);
});

Deno.test("generatedFeed() fills lines with digits and letters", () => {
  const feed = generatedFeed({ type: "lines" }, { size: 14, period: 12 });
  for (const [i, line] of framesOf(feed, 0, 11).entries()) {
    assert(new RegExp(`^${String(i).padStart(10, "0")}[a-z]{4}\\n$`).test(line), line);
  }
  assertEquals(framesOf(generatedFeed({ type: "lines" }, { size: 2, period: 100 }), 98, 99), [
    "98\n",
    "99\n",
  ]);
});

Deno.test("generatedFeed() is the same for the same seed and holds to its range of sizes", () => {
  const make = (seed: number): string[] =>
    framesOf(
      generatedFeed({ type: "lines" }, { size: { min: 12, max: 15 }, seed, period: 200 }),
      0,
      199,
    );
  assertEquals(make(7), make(7));
  assert(make(7).join() !== make(8).join());
  assertEquals(new Set(make(7).map((line) => line.length - 1)), new Set([12, 13, 14, 15]));
});

Deno.test("generatedFeed() makes frames for every framing", () => {
  const framings: Framing[] = [
    { type: "length_field" },
    { type: "varint_length" },
    { type: "fixed_length", frameLength: 20 },
    { type: "delimiter", delimiter: "|" },
    { type: "lines" },
    { type: "octet_counting" },
    { type: "netstring" },
    { type: "slip" },
    { type: "cobs" },
    { type: "beast" },
    { type: "resp" },
    { type: "nats" },
    { type: "raw" },
  ];
  for (const framing of framings) {
    const feed = generatedFeed(framing, { period: 50 });
    assertEquals(feed.period, 50);
    assertEquals(new Set(framesOf(feed, 0, 49)).size, 50, framing.type);
  }
});

Deno.test("generatedFeed() begins its numbers again after 16,384 frames", () => {
  const feed = generatedFeed({ type: "lines" }, { size: 10 });
  const around = ["0000016383\n", "0000000000\n", "0000000001\n"];
  assertEquals(framesOf(feed, 16_383, 16_385), around);
});

Deno.test("generatedFeed() bounds its block at 8 MiB", () => {
  assertEquals(generatedFeed({ type: "raw" }, { size: 1024 * 1024 }).period, 8);
});

Deno.test("generatedFeed() refuses sizes that are none", () => {
  for (const size of [0, 1.5, { min: 9, max: 8 }]) {
    assertThrows(() => generatedFeed({ type: "raw" }, { size }), RangeError, "payload size");
  }
});

Deno.test("recordedFeed() pushes the bytes as they are, once or looped", () => {
  const recording = parts("one two three")[0];
  const once = recordedFeed(recording, { chunkSize: 5 });
  assertEquals(once.frames, 3);
  assertEquals(framesOf(once, 0, 2), ["one t", "wo th", "ree"]);
  const looped = recordedFeed(recording, { chunkSize: 5, loop: true });
  assertEquals(framesOf(looped, 2, 3), ["ree", "one t"]);
  assertThrows(() => recordedFeed(new Uint8Array()), RangeError, "at least one frame");
});
