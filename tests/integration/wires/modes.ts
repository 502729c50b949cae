/**
 * Mode S: made-up messages of one aircraft, fed to a decoder in the Beast
 * format, which forwards them to all its outputs. A message's number is the
 * aircraft's callsign, the one thing every output carries.
 */
import { encodeBeast } from "../../../push/encode.ts";
import { NUMBER_DIGITS, numberText, type Wire } from "./wire.ts";

/** Extended squitter (17) of a transponder with capability 5. */
const DF17 = 0x8d;
const AIRCRAFT = [0x4b, 0x12, 0x34];
/** Identification: type 4, category 0. */
const IDENTIFICATION = 0x20;
/** A Beast frame with a message of 14 bytes. */
const LONG = "3".charCodeAt(0);
const SIGNAL_LEVEL = 0x80;

const CRC_POLYNOMIAL = 0xfff409;

/** The parity of Mode S: 24 bits over all bytes ahead of it. */
function parity(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x800000 ? (crc << 1) ^ CRC_POLYNOMIAL : crc << 1;
      crc &= 0xffffff;
    }
  }
  return crc;
}

/** `value` as big-endian bytes. */
function bytesOf(value: number | bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes.subarray(8 - width);
}

/** Eight characters of six bits; digits are their ASCII. */
function callsign(message: number): Uint8Array {
  let bits = 0n;
  for (const digit of numberText(message)) bits = bits << 6n | BigInt(digit.charCodeAt(0));
  return bytesOf(bits, 6);
}

/** What the Beast framing delivers: type, time (the number once more), signal level and message. */
function beastFrame(message: number): Uint8Array {
  const squitter = Uint8Array.of(DF17, ...AIRCRAFT, IDENTIFICATION, ...callsign(message));
  return Uint8Array.of(
    LONG,
    ...bytesOf(message, 6),
    SIGNAL_LEVEL,
    ...squitter,
    ...bytesOf(parity(squitter), 3),
  );
}

/** The time's place in a frame; the last four of its six bytes hold any number. */
const NUMBER_AT = 3;

const feeding = {
  respond: [],
  publication: (message: number) => encodeBeast(beastFrame(message)),
};

/** The Beast output. */
export const beast: Wire = {
  ...feeding,
  framing: { type: "beast" },
  sample: () => beastFrame(0),
  messageIn(frame) {
    if (frame[0] !== LONG) return undefined; // a heartbeat
    const message = new DataView(frame.buffer, frame.byteOffset).getUint32(NUMBER_AT);
    const expected = beastFrame(message);
    if (expected.some((byte, i) => frame[i] !== byte)) {
      throw new Error(`expected ${expected.toHex()}, got ${frame.toHex()}`);
    }
    return message;
  },
};

const LINE =
  "MSG,1,1,1,4B1234,1,2026/01/01,00:00:00.000,2026/01/01,00:00:00.000,00000000,,,,,,,,,,,0";
/** An identification in the words of the BaseStation output; two dates and times of day are in it. */
const IDENTIFICATION_LINE = new RegExp(
  `^MSG,1,1,1,4B1234,1(?:,[\\d/]{10},[\\d:.]{12}){2},(\\d{${NUMBER_DIGITS}})(?:,){11}0$`,
);

/** The BaseStation output, also called SBS. */
export const sbs: Wire = {
  ...feeding,
  framing: { type: "lines" },
  sample: () => new TextEncoder().encode(LINE),
  messageIn(frame) {
    if (frame.length === 0) return undefined; // a heartbeat
    const line = new TextDecoder().decode(frame);
    const message = line.match(IDENTIFICATION_LINE)?.[1];
    if (message === undefined) throw new Error(`expected MSG,1,…, got ${JSON.stringify(line)}`);
    return Number(message);
  },
};
