/** The block format, read block by block. */
import { viewOf } from "./bytes.ts";
import type { Packet } from "./packet.ts";

/** Types of blocks, as the format's draft numbers them. */
export const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  /** Of 2004; still to be found. */
  obsolete: 2,
  simple: 3,
  names: 4,
  statistics: 5,
  enhanced: 6,
  custom: 0x0bad,
};
/** As one reads it in the section's own byte order. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Options of an interface. */
export const OPTION = { end: 0, comment: 1, name: 2, tsresol: 9, tsoffset: 14 };

interface Interface {
  linkType: number;
  snaplen: number;
  ticksPerSecond: bigint;
  offsetSeconds: bigint;
}

/** Ticks in a second: the upper bit of the option says whether it is a power of two or of ten. */
export function ticksPerSecond(tsresol: number): bigint {
  const exponent = BigInt(tsresol & 0x7f);
  return (tsresol & 0x80) === 0 ? 10n ** exponent : 2n ** exponent;
}

/** The values of the options in `body` from `at` on, the last of each code. */
function optionsOf(body: DataView, at: number, little: boolean): Map<number, DataView> {
  const options = new Map<number, DataView>();
  while (at + 4 <= body.byteLength) {
    const code = body.getUint16(at, little);
    const length = body.getUint16(at + 2, little);
    if (code === OPTION.end || at + 4 + length > body.byteLength) break;
    options.set(code, new DataView(body.buffer, body.byteOffset + at + 4, length));
    at += 4 + length + (-length & 3);
  }
  return options;
}

function parseInterface(body: DataView, little: boolean): Interface {
  const options = optionsOf(body, 8, little);
  /** What is said in as many bytes as it takes. */
  const said = (code: number, length: number) =>
    options.get(code)?.byteLength === length ? options.get(code) : undefined;
  return {
    linkType: body.getUint16(0, little),
    snaplen: body.getUint32(4, little),
    ticksPerSecond: ticksPerSecond(said(OPTION.tsresol, 1)?.getUint8(0) ?? 6),
    offsetSeconds: said(OPTION.tsoffset, 8)?.getBigInt64(0, little) ?? 0n,
  };
}

function bytesOf(body: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(body.buffer, body.byteOffset + at, length).slice();
}

/** The packet in a block that names its interface and time. */
function timed(
  body: DataView,
  number: number,
  interfaces: Interface[],
  little: boolean,
): Packet | undefined {
  const from = interfaces[number];
  const captured = body.byteLength < 20 ? Infinity : body.getUint32(12, little);
  if (from === undefined || 20 + captured > body.byteLength) return undefined;
  const ticks = BigInt(body.getUint32(4, little)) << 32n | BigInt(body.getUint32(8, little));
  return {
    timeNs: ticks * 1_000_000_000n / from.ticksPerSecond + from.offsetSeconds * 1_000_000_000n,
    bytes: bytesOf(body, 20, captured),
    originalLength: body.getUint32(16, little),
    linkType: from.linkType,
  };
}

/** The packet in a block that has neither time nor captured length: both follow from the interface. */
function simple(body: DataView, interfaces: Interface[], little: boolean): Packet | undefined {
  if (interfaces.length === 0 || body.byteLength < 4) return undefined;
  const [{ linkType, snaplen }] = interfaces;
  const originalLength = body.getUint32(0, little);
  const captured = snaplen === 0 ? originalLength : Math.min(snaplen, originalLength);
  if (4 + captured > body.byteLength) return undefined;
  return { timeNs: 0n, bytes: bytesOf(body, 4, captured), originalLength, linkType };
}

function packetOf(
  type: number,
  body: DataView,
  interfaces: Interface[],
  little: boolean,
): Packet | undefined {
  switch (type) {
    case BLOCK.enhanced:
      return body.byteLength < 4
        ? undefined
        : timed(body, body.getUint32(0, little), interfaces, little);
    case BLOCK.obsolete: // a short number, then a count of drops
      return body.byteLength < 4
        ? undefined
        : timed(body, body.getUint16(0, little), interfaces, little);
    case BLOCK.simple:
      return simple(body, interfaces, little);
    default:
      return undefined;
  }
}

/** The packets of `file` up to a block that is cut or broken, `undefined` if it is of another format. */
export function parsePcapng(file: Uint8Array): Packet[] | undefined {
  const view = viewOf(file);
  if (file.length < 12 || view.getUint32(0) !== BLOCK.section) return undefined;
  const packets: Packet[] = [];
  let little = true;
  let interfaces: Interface[] = [];
  let at = 0;
  while (at + 12 <= file.length) {
    if (view.getUint32(at) === BLOCK.section) { // the same in both byte orders
      little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
      interfaces = [];
    }
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0 || at + length > file.length) break;
    const type = view.getUint32(at, little);
    const body = viewOf(file.subarray(at + 8, at + length - 4));
    if (type === BLOCK.interface) {
      if (body.byteLength < 8) break;
      interfaces.push(parseInterface(body, little));
    } else {
      const packet = packetOf(type, body, interfaces, little);
      if (packet !== undefined) packets.push(packet);
    }
    at += length;
  }
  return packets;
}
