/** The classic format: a header of 24 bytes, then 16 bytes ahead of each packet. */
import { type ByteOrder, concat, u16, u32, viewOf } from "./bytes.ts";
import { linkTypeOf, type Packet } from "./packet.ts";

const MAGIC = { us: 0xa1b2c3d4, ns: 0xa1b23c4d };
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** How a file is written. */
export interface PcapOptions {
  /** Default `little`. */
  byteOrder?: ByteOrder;
  /** Default `us`, which cuts nanoseconds off. */
  resolution?: "us" | "ns";
  /** Packets are cut to it. Default 262144, as tcpdump has it. */
  snaplen?: number;
  /** What the header says. Default that of the packets. Its upper bits tell of check sums behind frames. */
  linkType?: number;
}

/** A file of `packets`. */
export function writePcap(packets: Packet[], options: PcapOptions = {}): Uint8Array<ArrayBuffer> {
  const { byteOrder = "little", resolution = "us", snaplen = 262_144 } = options;
  const { linkType = linkTypeOf(packets) } = options;
  const perSecond = resolution === "us" ? 1_000_000n : 1_000_000_000n;
  const parts = [
    u32(MAGIC[resolution], byteOrder),
    u16(2, byteOrder),
    u16(4, byteOrder),
    u32(0, byteOrder), // time zone
    u32(0, byteOrder), // accuracy
    u32(snaplen, byteOrder),
    u32(linkType, byteOrder),
  ];
  for (const packet of packets) {
    const ticks = packet.timeNs * perSecond / 1_000_000_000n;
    const bytes = packet.bytes.subarray(0, snaplen);
    parts.push(
      u32(Number(ticks / perSecond), byteOrder),
      u32(Number(ticks % perSecond), byteOrder),
      u32(bytes.length, byteOrder),
      u32(packet.originalLength, byteOrder),
      bytes,
    );
  }
  return concat(parts);
}

/** Byte order and time unit, if `file` begins as this format does. */
function headerOf(file: Uint8Array): { little: boolean; tickNs: bigint } | undefined {
  if (file.length < FILE_HEADER_BYTES) return undefined;
  for (const little of [true, false]) {
    const magic = viewOf(file).getUint32(0, little);
    if (magic === MAGIC.us) return { little, tickNs: 1000n };
    if (magic === MAGIC.ns) return { little, tickNs: 1n };
  }
  return undefined;
}

/** The packets of `file` up to one that is cut, `undefined` if it is of another format. */
export function parsePcap(file: Uint8Array): Packet[] | undefined {
  const header = headerOf(file);
  if (header === undefined) return undefined;
  const view = viewOf(file);
  const linkType = view.getUint32(20, header.little) & 0xffff;
  const packets: Packet[] = [];
  let at = FILE_HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= file.length) {
    const [seconds, ticks, captured, originalLength] = [0, 4, 8, 12].map((offset) =>
      view.getUint32(at + offset, header.little)
    );
    const start = at + RECORD_HEADER_BYTES;
    if (start + captured > file.length) break;
    packets.push({
      timeNs: BigInt(seconds) * 1_000_000_000n + BigInt(ticks) * header.tickNs,
      bytes: file.slice(start, start + captured),
      originalLength,
      linkType,
    });
    at = start + captured;
  }
  return packets;
}
