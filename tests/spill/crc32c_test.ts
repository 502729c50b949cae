import { assertEquals, assertNotEquals } from "@std/assert";
import { crc32c } from "../../src/spill/crc32c.ts";
import { between, noise, random } from "./random.ts";
import { SEED } from "./seed.ts";

/** RFC 3720, appendix B.4, and the check value of the catalogue of CRCs. */
const VECTORS: [string, Uint8Array, number][] = [
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes 0xff", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 bytes counting up", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["32 bytes counting down", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
  ["nothing", new Uint8Array(0), 0],
  [
    "an iSCSI read command",
    Uint8Array.of(
      ...[0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0],
      ...[0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
    ),
    0xd9963a56,
  ],
];

/** Bit by bit, from the definition. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

for (const [name, bytes, expected] of VECTORS) {
  Deno.test(`crc32c() of ${name} is that of the standard`, () => {
    assertEquals(crc32c(bytes), expected);
  });
}

Deno.test("crc32c() equals the definition at every length and alignment, in one piece or two", () => {
  const draw = random(SEED);
  const bytes = noise(draw, 400);
  for (let from = 0; from < 20; from++) {
    for (let length = 0; length < 100; length++) {
      const piece = bytes.subarray(from, from + length);
      const expected = slowly(piece);
      const cut = between(draw, 0, length);
      const inTwo = crc32c(piece.subarray(cut), crc32c(piece.subarray(0, cut)));
      assertEquals([crc32c(piece), inTwo], [expected, expected], `seed ${SEED}, ${from} ${length}`);
    }
  }
});

Deno.test("crc32c() of much equals the definition, wherever it is cut into pieces", () => {
  const draw = random(SEED);
  const bytes = noise(draw, 70_000);
  // Around the shortest that is folded, and around one and two pieces of the folding.
  const lengths = [8192, 16_384 + 3344, 2 * 16_384 + 3344].flatMap((length) =>
    Array.from({ length: 41 }, (_, i) => length - 20 + i)
  );
  for (const length of lengths) {
    const from = between(draw, 0, 20);
    const piece = bytes.subarray(from, from + length);
    const cut = between(draw, 0, length);
    const inTwo = crc32c(piece.subarray(cut), crc32c(piece.subarray(0, cut)));
    const expected = slowly(piece);
    assertEquals([crc32c(piece), inTwo], [expected, expected], `seed ${SEED}, ${from} ${length}`);
  }
});

Deno.test("crc32c() tells every single flipped bit of much", () => {
  const bytes = noise(random(SEED), 20_000);
  const whole = crc32c(bytes);
  for (let bit = 0; bit < 8 * bytes.length; bit += 7) {
    bytes[bit >> 3] ^= 1 << (bit & 7);
    assertNotEquals(crc32c(bytes), whole, `seed ${SEED}, bit ${bit}`);
    bytes[bit >> 3] ^= 1 << (bit & 7);
  }
});

Deno.test("crc32c() takes memory that threads share", () => {
  const bytes = noise(random(SEED), 10_000);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  assertEquals(crc32c(shared), slowly(bytes));
});
