/** Headers that lie: lengths no frame can have, and bytes where no length can be. */
import type { Framing, LengthFieldFraming } from "../../src/framing.ts";
import { ascii, hex, join } from "./bytes.ts";

/** 2^62 and its neighbours are where the core stops adding; the others overflow 31 to 64 bits. */
const LENGTHS = [
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 3n,
  2n ** 53n + 1n,
  2n ** 62n - 1n,
  2n ** 62n,
  2n ** 62n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n,
];

const DECIMALS = [
  ...LENGTHS.map(String),
  ..."0 00 01 -0 -1 -2 -12 - -x +1 1.5 1e3 0x1".split(" "),
  "9999999999",
  "99999999999",
  "-12345678901",
  "4294967295999",
  "",
];

/** The low `width` bytes of `value`. */
function lowBytes(value: bigint, width: number, byteOrder: "big" | "little" = "big"): Uint8Array {
  const bytes = Uint8Array.from(
    { length: width },
    (_, i) => Number((value >> BigInt(8 * i)) & 255n),
  );
  return byteOrder === "little" ? bytes : bytes.reverse();
}

function fieldOf(framing: LengthFieldFraming, value: bigint): Uint8Array {
  const { lengthFieldOffset = 0, lengthFieldLength = 4, byteOrder, resync } = framing;
  const magic = resync?.magic ?? new Uint8Array();
  return join(
    magic,
    new Uint8Array(lengthFieldOffset - magic.length),
    lowBytes(value, lengthFieldLength, byteOrder),
  );
}

/** Any number of groups of seven bits, so that eleven bytes can be written too. */
function varint(value: bigint, bytes: number): Uint8Array {
  return Uint8Array.from(
    { length: bytes },
    (_, i) => Number((value >> BigInt(7 * i)) & 127n) | (i + 1 < bytes ? 128 : 0),
  );
}

/** Headers of `framing` that are no frame's, or one's that could only be too long. */
export function hostileHeaders(framing: Framing): Uint8Array[] {
  switch (framing.type) {
    case "length_field": {
      const small = [0n, 1n, 2n, 3n, 4n, 5n, 8n, 24n, 25n];
      return [...LENGTHS, ...small].map((value) => fieldOf(framing, value));
    }
    case "varint_length":
      return [
        ...LENGTHS.map((value) => varint(value, Math.ceil(value.toString(2).length / 7))),
        ...[9, 10, 11, 12].map((bytes) => varint(1n, bytes)),
      ];
    case "octet_counting":
      return DECIMALS.map((digits) => ascii(`${digits} `));
    case "netstring":
      return DECIMALS.map((digits) => ascii(`${digits}:`));
    case "resp":
      return DECIMALS.flatMap((digits) =>
        ["$", "!", "*", "%", "|", ">", "$?\r\n;", "*1\r\n$"].map((type) =>
          ascii(`${type}${digits}\r\n`)
        )
      ).concat([".\r\n", ";0\r\n", "*?\r\n;", "$?\r\n.\r\n", "*?x", "~?\r\n.x"].map(ascii));
    case "nats":
      return DECIMALS.flatMap((digits) =>
        ["MSG a 1 ", "HMSG a 1 2 "].map((line) => ascii(`${line}${digits}\r\n`))
      );
    case "slip":
      return ["DBC0", "DB00", "DBDB", "C0DB", "DBDDDBDC"].map(hex);
    case "cobs":
      return ["0200", "FF00", "010200", "FF01", "FE00", "0300"].map(hex);
    case "beast":
      return ["1A00", "1A1A", "1A35", "31", "1A311A31", "1A321A1A1A00"].map(hex);
    default:
      return [];
  }
}
