/** Captures damaged as files: bits, lengths, ends, order of records. */
import { chance, magnitude, pick } from "../../simulation/chance.ts";
import { between, noise, type Random } from "../../spill/random.ts";
import { type ByteOrder, concat, edited, u16, u32, u8, viewOf } from "./bytes.ts";
import { gzip, writePcapng } from "./capture.ts";
import { BLOCK, OPTION } from "./pcapng_read.ts";

/** Makes a damaged file of a whole one. */
export type Damage = (file: Uint8Array, draw: Random) => Uint8Array;

/** Lengths around what a header needs, what readers allow, and where numbers end. */
const LENGTHS = [
  ...[0, 1, 2, 3, 4, 8, 11, 12, 13, 15, 16, 19, 20, 24, 28, 32, 33],
  ...[65_535, 65_536, 262_143, 262_144, 262_145, 2 ** 24 - 4, 2 ** 24, 2 ** 24 + 4],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 16, 2 ** 32 - 12, 2 ** 32 - 4, 2 ** 32 - 1],
];

/** Where a record or block begins, and the byte order that counts there. */
interface Record {
  at: number;
  end: number;
  order: ByteOrder;
}

function isPcapng(file: Uint8Array): boolean {
  return file.length >= 12 && viewOf(file).getUint32(0) === BLOCK.section;
}

/** The parts of an undamaged `file`; few or none of another. */
function recordsOf(file: Uint8Array): Record[] {
  const view = viewOf(file);
  const records: Record[] = [];
  const blocks = isPcapng(file);
  let order: ByteOrder = file[0] === 0xa1 ? "big" : "little";
  let at = blocks ? 0 : 24;
  while (at + 16 <= file.length) {
    if (blocks && view.getUint32(at) === BLOCK.section) {
      order = file[at + 8] === 0x1a ? "big" : "little";
    }
    const length = blocks
      ? view.getUint32(at + 4, order === "little")
      : 16 + view.getUint32(at + 8, order === "little");
    if (length < 12 || at + length > file.length) break;
    records.push({ at, end: at + length, order });
    at += length;
  }
  return records;
}

function setU32(file: Uint8Array, at: number, value: number, order: ByteOrder): Uint8Array {
  if (at < 0 || at + 4 > file.length) return file;
  return edited(file, (view) => view.setUint32(at, value, order === "little"));
}

/** A length as anyone might write it: of the list, of about what is left, or any. */
function hostileLength(left: number, draw: Random): number {
  return pick(
    draw,
    pick(draw, ...LENGTHS),
    Math.max(0, left + between(draw, -5, 5)),
    Math.floor(draw() * 2 ** 32),
  );
}

/** Up to 64 bits turned. */
function flipped(file: Uint8Array, draw: Random): Uint8Array {
  return edited(file, (view) => {
    for (let left = magnitude(draw, 1, 64); left > 0 && view.byteLength > 0; left--) {
      const at = between(draw, 0, view.byteLength - 1);
      view.setUint8(at, view.getUint8(at) ^ 1 << between(draw, 0, 7));
    }
  });
}

/** Up to eight length fields of records set to something else. */
function lengthsLie(file: Uint8Array, draw: Random): Uint8Array {
  const records = recordsOf(file);
  // Total length, captured length and that on the wire; a block's length at its end too.
  const fields = isPcapng(file) ? [4, 4, 16, 20, 20, 24, -4] : [8, 8, 12];
  let result = file;
  for (let left = between(draw, 1, 8); left > 0 && records.length > 0; left--) {
    const { at, end, order } = pick(draw, ...records.slice(0, 1000));
    const field = pick(draw, ...fields);
    const value = hostileLength(file.length - at, draw);
    result = setU32(result, field < 0 ? end + field : at + field, value, order);
  }
  return result;
}

/** One record that says it goes on for gigabytes, or for what is left and one more. */
function hugeRecord(file: Uint8Array, draw: Random): Uint8Array {
  const records = recordsOf(file);
  if (records.length === 0) return file;
  const { at, order } = records[between(draw, 0, records.length - 1)];
  const left = file.length - at;
  const value = pick(draw, 2 ** 32 - 4, 2 ** 31, 2 ** 30, left + 1, left, left + 4);
  return setU32(file, at + (isPcapng(file) ? 4 : 8), value, order);
}

function truncated(file: Uint8Array, draw: Random): Uint8Array {
  return file.slice(0, chance(draw, 0.3) ? between(draw, 0, 40) : between(draw, 0, file.length));
}

/** Records left out, repeated, exchanged, or cut with those behind moved up. */
function spliced(file: Uint8Array, draw: Random): Uint8Array {
  const records = recordsOf(file);
  const parts = records.map(({ at, end }) => file.slice(at, end));
  const head = file.slice(0, records[0]?.at ?? 0);
  for (let left = between(draw, 1, 6); left > 0 && parts.length > 0; left--) {
    const at = between(draw, 0, parts.length - 1);
    const other = between(draw, 0, parts.length - 1);
    switch (between(draw, 0, 4)) {
      case 0:
        parts.splice(at, between(draw, 1, 5));
        break;
      case 1:
        parts.splice(at, 0, ...parts.slice(other, other + 5));
        break;
      case 2:
        [parts[at], parts[other]] = [parts[other], parts[at]];
        break;
      case 3:
        parts[at] = parts[at].slice(0, between(draw, 0, parts[at].length));
        break;
      default:
        parts[at] = concat([parts[at], noise(draw, between(draw, 1, 40))]);
    }
  }
  return concat([head, ...parts]);
}

/** Nothing but noise behind a beginning that promises a capture. */
function noiseBehindMagic(file: Uint8Array, draw: Random): Uint8Array {
  const magic = pick(
    draw,
    file.slice(0, pick(draw, 4, 8, 24, 28, 60)),
    u32(0xa1b2c3d4),
    u32(0xa1b23c4d, "little"),
    u32(0xa1b2cd34, "little"), // of a relative of the format
    concat([u32(BLOCK.section), u32(28, "little"), u32(0x1a2b3c4d, "little")]),
    u8(0x1f, 0x8b, 8),
    u8(0x1f, 0x8b),
  );
  return concat([magic, noise(draw, magnitude(draw, 1, 4096))]);
}

/** Interfaces with resolutions that no clock has, and options of lengths that don't fit. */
function strangeInterface(file: Uint8Array, draw: Random): Uint8Array {
  const order: ByteOrder = "little";
  const section = writePcapng([]).slice(0, 28);
  const options = Array.from({ length: between(draw, 1, 4) }, () => {
    const code = pick(draw, OPTION.tsresol, OPTION.tsoffset, OPTION.end, OPTION.comment, 0xffff);
    const value = pick(
      draw,
      ...[0, 1, 9, 18, 19, 20, 63, 0x7f, 0x80, 0xbf, 0xc0, 0xff].map((byte) => u8(byte, 0, 0, 0)),
      noise(draw, 8),
      u8(),
    );
    const length = chance(draw, 0.7) ? value.length : pick(draw, 0, 1, 7, 8, 0xffff);
    return concat([u16(code, order), u16(length, order), value]);
  });
  const body = concat([u16(pick(draw, 1, 1, 1, 0xffff), order), u16(0), u32(0), ...options]);
  const length = u32(12 + body.length, order);
  const head = concat([section, u32(BLOCK.interface, order), length, body, length]);
  const behind = isPcapng(file) ? recordsOf(file).slice(1) : [];
  return concat([head, ...behind.slice(0, 200).map(({ at, end }) => file.slice(at, end))]);
}

/** Megabytes of records in kilobytes, or gzip in gzip in gzip. */
function bomb(file: Uint8Array, draw: Random): Uint8Array {
  if (chance(draw, 0.3)) return gzip(gzip(gzip(file)));
  // The header of a capture; zeros behind it are records of no bytes.
  const head = chance(draw, 0.7) ? file.slice(0, 24) : u8();
  return gzip(concat([head, new Uint8Array(magnitude(draw, 2 ** 16, 2 ** 22))]));
}

/** Packed, then damaged. */
function brokenGzip(file: Uint8Array, draw: Random): Uint8Array {
  const packed = gzip(file, { members: between(draw, 1, 3), fields: chance(draw, 0.5) });
  return pick(
    draw,
    truncated(packed, draw),
    flipped(packed, draw),
    concat([packed, noise(draw, between(draw, 1, 64))]),
    concat([packed.slice(0, 3), u8(0xff), packed.slice(4)]), // says that it has fields it has not
  );
}

export const FILE_DAMAGE: Damage[] = [
  flipped,
  lengthsLie,
  hugeRecord,
  truncated,
  spliced,
  noiseBehindMagic,
  strangeInterface,
  bomb,
  brokenGzip,
];
