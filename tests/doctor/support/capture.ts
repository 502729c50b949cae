/**
 * A capture as a list of packets, read and written so plainly that one sees it is right: what the
 * doctor says of a capture is held against this.
 */
import { constants, gunzipSync, gzipSync } from "node:zlib";
import { ascii } from "../../framing/bytes.ts";
import { concat, u16, u8 } from "./bytes.ts";
import type { Packet } from "./packet.ts";
import { parsePcap } from "./pcap.ts";
import { parsePcapng } from "./pcapng_read.ts";

export type { Packet } from "./packet.ts";
export { type PcapOptions, writePcap } from "./pcap.ts";
export {
  type ExtraBlock,
  type PacketBlock,
  type PcapngOptions,
  writePcapng,
} from "./pcapng_write.ts";

/** How `gzip()` packs. */
export interface GzipOptions {
  /** So many members, one behind the other. Default 1. */
  members?: number;
  /** Name, comment and extra field in each header. Default `false`. */
  fields?: boolean;
}

/** `member` with a header that says all a header may. */
function withFields(member: Uint8Array): Uint8Array {
  const EXTRA_NAME_COMMENT = 4 | 8 | 16;
  return concat([
    member.subarray(0, 3),
    u8(EXTRA_NAME_COMMENT),
    member.subarray(4, 10),
    u16(6, "little"),
    ascii("SW\x02\x00hi"),
    ascii("feed.pcap\0a comment\0"),
    member.subarray(10),
  ]);
}

/** `bytes`, packed. */
export function gzip(bytes: Uint8Array, options: GzipOptions = {}): Uint8Array<ArrayBuffer> {
  const { members = 1, fields = false } = options;
  const share = Math.ceil(bytes.length / members);
  return concat(
    Array.from({ length: members }, (_, index) => {
      const member = gzipSync(bytes.subarray(index * share, (index + 1) * share));
      return fields ? withFields(member) : member;
    }),
  );
}

/** `bytes`, unpacked as far as they go if they are packed. */
function unpacked(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return new Uint8Array(gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })); // no Buffer
}

/**
 * The packets of a capture, those ahead of where it is cut or broken. Throws if it is none of the
 * formats, or packed by gzip and damaged.
 */
export function parseCapture(bytes: Uint8Array): Packet[] {
  const file = unpacked(bytes);
  const packets = parsePcap(file) ?? parsePcapng(file);
  if (packets === undefined) throw new Error("neither pcap nor pcapng");
  return packets;
}
