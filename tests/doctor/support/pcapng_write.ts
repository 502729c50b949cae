/** The block format, written with all it may hold beside packets. */
import { ascii } from "../../framing/bytes.ts";
import { type ByteOrder, concat, opposite, padded, u16, u32, u64, u8 } from "./bytes.ts";
import type { Packet } from "./packet.ts";
import { BLOCK, BYTE_ORDER_MAGIC, OPTION, ticksPerSecond } from "./pcapng_read.ts";

/** More than tshark takes in a block (16 MiB), yet a writer may put it there. */
const OVERSIZE_BYTES = 20_000_000;

/**
 * A block that holds no packet. `unknown` is of a type nobody defined, `custom` of the type for
 * everybody's own, `oversize` an unknown one of 20 MB, once.
 */
export type ExtraBlock = "unknown" | "custom" | "oversize" | "names" | "statistics";
/** A block that holds a packet. */
export type PacketBlock = "enhanced" | "simple" | "obsolete";

/** How a file is written. */
export interface PcapngOptions {
  /** Of the first section; they alternate. Default `little`. */
  byteOrder?: ByteOrder;
  /** The option's byte, one for all interfaces or one each in turn. Default 6, for which none is written. */
  tsresol?: number | number[];
  /** Seconds that an interface's times are short of. Default none. */
  tsoffset?: bigint;
  /** What interfaces say; packets stay as they are. Default 0: no limit. */
  snaplen?: number;
  /** Of each link type; packets are dealt to them in turn. Default 1. */
  interfaces?: number;
  /** Packets are spread over so many. Default 1. */
  sections?: number;
  blocks?: ExtraBlock[];
  /** Comments and the like in each block that may have some. Default `false`. */
  options?: boolean;
  /** Default `enhanced`; so is what fits into no simple block of the first interface. */
  blockOf?: (packet: Packet, index: number) => PacketBlock;
}

interface Interface {
  linkType: number;
  tsresol: number;
  snaplen: number;
  tsoffset: bigint;
}

/** Where packets go: what has been described so far, and how. */
interface Section {
  order: ByteOrder;
  interfaces: Interface[];
  options: PcapngOptions;
}

function block(type: number, body: Uint8Array, order: ByteOrder): Uint8Array {
  const whole = padded(body);
  const length = u32(12 + whole.length, order);
  return concat([u32(type, order), length, whole, length]);
}

function option(code: number, value: Uint8Array, order: ByteOrder): Uint8Array {
  return concat([u16(code, order), u16(value.length, order), padded(value)]);
}

/** A comment, an option nobody defined and the end of options, if asked for. */
function comments({ order, options }: Section): Uint8Array {
  if (options.options !== true) return new Uint8Array();
  return concat([
    option(OPTION.comment, ascii("Größe: five"), order),
    option(0x7abc, u8(1), order),
    option(OPTION.end, u8(), order),
  ]);
}

/** `length` is -1 where it isn't known, as of a capture that still runs. */
function sectionBlock(section: Section, length: bigint): Uint8Array {
  const { order } = section;
  return block(
    BLOCK.section,
    concat([
      u32(BYTE_ORDER_MAGIC, order),
      u16(1, order),
      u16(0, order),
      u64(BigInt.asUintN(64, length), order),
      comments(section),
    ]),
    order,
  );
}

function interfaceBlock(section: Section, from: Interface): Uint8Array {
  const { order } = section;
  const own: Uint8Array[] = [];
  if (section.options.options === true) own.push(option(OPTION.name, ascii("eth0"), order));
  if (from.tsresol !== 6) own.push(option(OPTION.tsresol, u8(from.tsresol), order));
  if (from.tsoffset !== 0n) {
    own.push(option(OPTION.tsoffset, u64(BigInt.asUintN(64, from.tsoffset), order), order));
  }
  const end = own.length > 0 ? option(OPTION.end, u8(), order) : u8();
  return block(
    BLOCK.interface,
    concat([
      u16(from.linkType, order),
      u16(0, order),
      u32(from.snaplen, order),
      ...own,
      section.options.options === true ? comments(section) : end,
    ]),
    order,
  );
}

/** Whether the block without a captured length can say how much of `packet` there is. */
function fitsSimple(packet: Packet, [first]: Interface[]): boolean {
  const { bytes, originalLength, linkType } = packet;
  const limit = first.snaplen === 0 ? originalLength : Math.min(first.snaplen, originalLength);
  return linkType === first.linkType && bytes.length === limit;
}

function packetBlock(section: Section, packet: Packet, index: number): Uint8Array {
  const { order, interfaces, options } = section;
  const wanted = options.blockOf?.(packet, index) ?? "enhanced";
  const { bytes, originalLength } = packet;
  if (wanted === "simple" && fitsSimple(packet, interfaces)) {
    return block(BLOCK.simple, concat([u32(originalLength, order), bytes]), order);
  }
  const own = interfaces.filter(({ linkType }) => linkType === packet.linkType);
  const from = own[index % own.length];
  const number = interfaces.indexOf(from);
  const time = packet.timeNs - from.tsoffset * 1_000_000_000n;
  const ticks = time * ticksPerSecond(from.tsresol) / 1_000_000_000n;
  const obsolete = wanted === "obsolete";
  return block(
    obsolete ? BLOCK.obsolete : BLOCK.enhanced,
    concat([
      // The older block counts drops here; 0xffff says that nobody knows how many.
      obsolete ? concat([u16(number, order), u16(0xffff, order)]) : u32(number, order),
      u32(Number(ticks >> 32n), order),
      u32(Number(ticks & 0xffffffffn), order),
      u32(bytes.length, order),
      u32(originalLength, order),
      padded(bytes),
      comments(section),
    ]),
    order,
  );
}

/** The block of `kind`. */
function extraBlock(kind: ExtraBlock, section: Section): Uint8Array {
  const { order } = section;
  switch (kind) {
    case "unknown":
      return block(0x0bad1dea, ascii("Nobody knows what this is"), order);
    case "custom":
      return block(BLOCK.custom, concat([u32(32_473, order), ascii("own")]), order);
    case "oversize":
      return block(0x0bad1dea, new Uint8Array(OVERSIZE_BYTES), order);
    case "names": {
      const record = concat([u8(10, 99, 0, 1), ascii("server.example\0")]);
      const end = u32(0, order);
      return block(4, concat([option(1, record, order), end, comments(section)]), order);
    }
    case "statistics":
      return block(
        BLOCK.statistics,
        concat([u32(0, order), u64(0n, order), option(4, u64(7n, order), order), u32(0, order)]),
        order,
      );
  }
}

/** After which packet of a section an extra block comes. */
const EVERY: Record<ExtraBlock, (index: number, count: number) => boolean> = {
  unknown: (index) => index % 10 === 0,
  custom: (index) => index % 25 === 3,
  oversize: (index) => index === 0,
  names: (index) => index === 1,
  statistics: (index, count) => index === count - 1,
};

function interfacesFor(packets: Packet[], options: PcapngOptions): Interface[] {
  const { tsresol = 6, tsoffset = 0n, snaplen = 0, interfaces: each = 1 } = options;
  const resolutions = typeof tsresol === "number" ? [tsresol] : tsresol;
  const linkTypes = packets.length === 0 ? [1] : packets.map(({ linkType }) => linkType);
  return [...new Set(linkTypes)]
    .flatMap((linkType) => new Array<number>(each).fill(linkType))
    .map((linkType, index) => ({
      linkType,
      tsresol: resolutions[index % resolutions.length],
      tsoffset,
      snaplen,
    }));
}

function writeSection(packets: Packet[], number: number, options: PcapngOptions): Uint8Array {
  const { byteOrder = "little", blocks = [] } = options;
  const order = number % 2 === 0 ? byteOrder : opposite(byteOrder);
  const section: Section = { order, interfaces: interfacesFor(packets, options), options };
  const body = concat([
    ...section.interfaces.map((from) => interfaceBlock(section, from)),
    ...packets.flatMap((packet, index) => [
      packetBlock(section, packet, index),
      ...blocks.filter((kind) => EVERY[kind](index, packets.length))
        .map((kind) => extraBlock(kind, section)),
    ]),
  ]);
  // Both ways a length may be given.
  return concat([sectionBlock(section, number % 2 === 0 ? -1n : BigInt(body.length)), body]);
}

/** A file of `packets`. */
export function writePcapng(
  packets: Packet[],
  options: PcapngOptions = {},
): Uint8Array<ArrayBuffer> {
  const { sections = 1 } = options;
  const share = Math.max(1, Math.ceil(packets.length / sections));
  return concat(
    Array.from(
      { length: sections },
      (_, number) =>
        writeSection(packets.slice(number * share, (number + 1) * share), number, options),
    ),
  );
}
