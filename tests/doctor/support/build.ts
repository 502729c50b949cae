/** Packets made from nothing: headers with the right lengths and check sums. */
import { concat, edited, stretched, u16, u32, u8, viewOf } from "./bytes.ts";
import { ETHER } from "./link.ts";
import { PROTOCOL } from "./network.ts";

/** The internet check sum: the sum of 16-bit words, carried round, inverted. */
export function checksum(...parts: Uint8Array[]): number {
  const bytes = concat(parts.map((part) => stretched(part, part.length + part.length % 2)));
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += viewOf(bytes).getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** A frame of type `type`. */
export function ethernet(type: number, payload: Uint8Array): Uint8Array {
  return concat([u8(2, 0, 0, 0, 0, 1), u8(2, 0, 0, 0, 0, 2), u16(type), payload]);
}

/** What may be said of an IP packet beside protocol and payload. */
export interface IpFields {
  /** Four bytes, or sixteen. */
  source: Uint8Array;
  destination: Uint8Array;
  ttl?: number;
  /** Of IPv4: flags and offset of a fragment. */
  fragment?: number;
  id?: number;
}

/** An IPv4 packet. */
export function ipv4(protocol: number, payload: Uint8Array, fields: IpFields): Uint8Array {
  const { source, destination, ttl = 64, fragment = 0x4000, id = 1 } = fields;
  const header = concat([
    u8(0x45, 0),
    u16(20 + payload.length),
    u16(id),
    u16(fragment),
    u8(ttl, protocol),
    u16(0),
    source,
    destination,
  ]);
  return concat([withChecksum(header), payload]);
}

/** An IPv6 packet; `next` is the first header in `payload`. */
export function ipv6(next: number, payload: Uint8Array, fields: IpFields): Uint8Array {
  const { source, destination, ttl = 64 } = fields;
  const length = u16(payload.length);
  return concat([u32(0x60000000), length, u8(next, ttl), source, destination, payload]);
}

/** IPv4 `header`, its check sum right for what it says. */
export function withChecksum(header: Uint8Array): Uint8Array {
  const blank = edited(header, (view) => view.setUint16(10, 0));
  return edited(blank, (view) => view.setUint16(10, checksum(blank)));
}

/** What a TCP packet says. */
export interface TcpFields {
  sourcePort: number;
  destinationPort: number;
  seq: number;
  ack?: number;
  flags: number;
  window?: number;
  /** A multiple of four. */
  options?: Uint8Array;
  payload?: Uint8Array;
}

/** A TCP packet, its check sum right for `fields`. */
export function tcp(said: TcpFields, { source, destination }: IpFields): Uint8Array {
  const { options = u8(), payload = u8() } = said;
  const bytes = concat([
    u16(said.sourcePort),
    u16(said.destinationPort),
    u32(said.seq),
    u32(said.ack ?? 0),
    u8((20 + options.length) << 2, said.flags),
    u16(said.window ?? 64_000),
    u32(0), // check sum and urgent pointer
    options,
    payload,
  ]);
  const pseudo = concat([source, destination, u32(bytes.length), u32(PROTOCOL.tcp)]);
  return edited(bytes, (view) => view.setUint16(16, checksum(pseudo, bytes)));
}

/** A UDP packet without a check sum. */
export function udp(sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array {
  return concat([
    u16(sourcePort),
    u16(destinationPort),
    u16(8 + payload.length),
    u16(0),
    payload,
  ]);
}

/** A frame with `packet`, IPv4 or IPv6 by its first digit. */
export function frameOf(packet: Uint8Array): Uint8Array {
  return ethernet(packet[0] >> 4 === 6 ? ETHER.ipv6 : ETHER.ipv4, packet);
}
