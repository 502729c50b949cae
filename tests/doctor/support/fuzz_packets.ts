/** Captures whole as files, with packets and times in them that no sane host sends. */
import { chance, magnitude, pick } from "../../simulation/chance.ts";
import { between, noise, type Random } from "../../spill/random.ts";
import { concat, edited, u16, u8, viewOf } from "./bytes.ts";
import { ethernet, frameOf, ipv4, ipv6, tcp } from "./build.ts";
import { ETHER, ipPartOf } from "./link.ts";
import { FLAG, PROTOCOL, tcpOf } from "./network.ts";
import type { Packet } from "./packet.ts";
import { editIp, editTcp, withIp } from "./rewrite.ts";
import type { Change } from "./variant.ts";

const NO_NS = 0n;
/** The last second that the classic format can say. */
const FAR_FUTURE_NS = (2n ** 32n - 1n) * 1_000_000_000n;
const ADDRESS = u8(10, 99, 0, 1);
const ADDRESS6 = new Uint8Array(16).fill(0xfd);

/** A number a field of so many bits may hold, often the first or last of them. */
function hostile(draw: Random, bits: number): number {
  const end = 2 ** bits;
  return pick(draw, 0, 1, end - 1, end / 2, end / 2 - 1, Math.floor(draw() * end));
}

/** The fields of the IP header that say where it ends and what it carries. */
function ipLies(packet: Packet, draw: Random): Packet {
  const part = ipPartOf(packet);
  if (part === undefined || part.bytes.length < 40) return packet;
  const [length, carried, fragment] = part.bytes[0] >> 4 === 4 ? [2, 9, 6] : [4, 6, 2];
  const bytes = edited(part.bytes, (view) => {
    switch (between(draw, 0, 4)) {
      case 0:
        view.setUint8(0, hostile(draw, 8));
        break;
      case 1:
        view.setUint16(length, hostile(draw, 16));
        break;
      case 2:
        view.setUint16(fragment, hostile(draw, 16));
        break;
      case 3:
        view.setUint8(carried, pick(draw, 0, 4, 6, 17, 41, 43, 44, 51, 60, 135, 255));
        break;
      default:
        view.setUint8(between(draw, 0, 39), hostile(draw, 8));
    }
  });
  return withIp(packet, part, bytes, part.originalLength);
}

/** Numbers, flags, window and where the data begins. */
function tcpLies(packet: Packet, draw: Random): Packet {
  return editTcp(packet, (view) => {
    if (view.byteLength < 20) return;
    switch (between(draw, 0, 4)) {
      case 0:
        view.setUint8(12, hostile(draw, 8));
        break;
      case 1:
        view.setUint8(13, hostile(draw, 8));
        break;
      case 2:
        view.setUint16(14, hostile(draw, 16));
        break;
      case 3:
        view.setUint32(4, hostile(draw, 32));
        break;
      default:
        view.setUint32(8, hostile(draw, 32));
    }
  });
}

/** Options of no length, of one byte, and longer than the header; scales beyond 14. */
function optionsLie(packet: Packet, draw: Random): Packet {
  return editTcp(packet, (view) => {
    for (let at = 20; at < view.byteLength; at += between(draw, 1, 6)) {
      view.setUint8(at, pick(draw, 0, 1, 2, 3, 4, 5, 8, 30, 254, 255, hostile(draw, 8)));
    }
    if (view.byteLength > 12 && chance(draw, 0.5)) view.setUint8(12, 0xf0);
  });
}

/** Lengths on the wire that go with nothing captured. */
function lengthsLie(packet: Packet, draw: Random): Packet {
  return {
    ...packet,
    bytes: chance(draw, 0.5) ? packet.bytes : packet.bytes.slice(0, between(draw, 0, 60)),
    originalLength: pick(draw, 0, 1, packet.bytes.length - 1, 2 ** 31, 2 ** 32 - 1) >>> 0,
  };
}

/** A frame of `bytes`, whole. */
function framed(bytes: Uint8Array, like: Packet): Packet {
  return { ...like, bytes, originalLength: bytes.length };
}

/** Headers behind headers, thousands of them, where each names the next. */
function chained(packet: Packet, draw: Random): Packet {
  const count = magnitude(draw, 2, 4000);
  const kind = pick(draw, 0, 43, 44, 60, 135, 51);
  const tags = new Array<Uint8Array>(count).fill(concat([u16(ETHER.vlan), u16(1)]));
  const headers = new Array<Uint8Array>(count).fill(u8(kind, 0, 0, 0, 0, 0, 0, 0));
  const ends = { source: ADDRESS6, destination: ADDRESS6 };
  return framed(
    pick(
      draw,
      frameOf(ipv6(kind, concat(headers), ends)),
      ethernet(ETHER.vlan, concat([u16(1), ...tags, u16(ETHER.ipv4)])),
      // IP in IP in IP.
      frameOf(ipv4(4, ipv4(4, ipv4(41, ipv6(4, u8(0x45), ends), V4_ENDS), V4_ENDS), V4_ENDS)),
    ),
    packet,
  );
}

const V4_ENDS = { source: ADDRESS, destination: ADDRESS };

/** Noise where a packet should be. */
function garbage(packet: Packet, draw: Random): Packet {
  const length = between(draw, 0, 120);
  return framed(
    concat([packet.bytes.slice(0, pick(draw, 0, 14, 34)), noise(draw, length)]),
    packet,
  );
}

const PACKET_DAMAGE = [ipLies, tcpLies, optionsLie, lengthsLie, chained, garbage];

/** A share of the packets damaged, each in its own way. */
function damaged(packets: Packet[], draw: Random): Packet[] {
  const share = pick(draw, 0.01, 0.1, 0.5, 1);
  // Chains are long: a few are enough.
  let chains = 20;
  return packets.map((packet) => {
    if (!chance(draw, share)) return packet;
    const damage = pick(draw, ...PACKET_DAMAGE);
    if (damage === chained && chains-- <= 0) return packet;
    return damage(packet, draw);
  });
}

/** Times that stand still, are none, go backwards, jump, or lie far ahead. */
function strangeTimes(packets: Packet[], draw: Random): Packet[] {
  const first = packets[0]?.timeNs ?? NO_NS;
  const kind = between(draw, 0, 4);
  return packets.map((packet, index) => {
    const jump = pick(draw, NO_NS, FAR_FUTURE_NS, packet.timeNs);
    const timeNs = [
      NO_NS,
      first,
      packets[packets.length - 1 - index].timeNs,
      chance(draw, 0.1) ? jump : packet.timeNs,
      FAR_FUTURE_NS - (packet.timeNs - first) / 1000n,
    ][kind];
    return { ...packet, timeNs: timeNs < 0n ? NO_NS : timeNs };
  });
}

/** Thousands of connections, of which there is one packet each, or two. */
function flood(packets: Packet[], draw: Random): Packet[] {
  const like = packets[0] ?? { timeNs: NO_NS, bytes: u8(), originalLength: 0, linkType: 1 };
  const flags = pick(draw, FLAG.syn, FLAG.syn, FLAG.rst, FLAG.ack, FLAG.fin | FLAG.ack);
  const count = magnitude(draw, 100, 8000);
  const template = frameOf(ipv4(
    PROTOCOL.tcp,
    tcp({ sourcePort: 1, destinationPort: 4000, seq: 7, flags }, V4_ENDS),
    V4_ENDS,
  ));
  const more = Array.from({ length: count }, (_, index): Packet => {
    const bytes = template.slice();
    viewOf(bytes).setUint32(26, Math.floor(draw() * 2 ** 32)); // source
    viewOf(bytes).setUint16(34, index); // port
    return { ...framed(bytes, like), linkType: 1, timeNs: like.timeNs + BigInt(index) * 1000n };
  });
  return [...packets.filter(({ linkType }) => linkType === 1).slice(0, 300), ...more];
}

/** Each packet of one connection the beginning of another: the same ports over and over. */
function reused(packets: Packet[], draw: Random): Packet[] {
  const flags = pick(draw, FLAG.syn, FLAG.syn | FLAG.ack, FLAG.rst, FLAG.fin, 0, 0xff);
  return packets.map((packet) => {
    if (tcpOf(packet) === undefined || !chance(draw, 0.3)) return packet;
    return editTcp(packet, (view) => view.setUint8(13, flags));
  });
}

/** Each packet so long on the wire, by its own account, that a sum of them ends numbers. */
function endless(packets: Packet[], draw: Random): Packet[] {
  const length = pick(draw, 2 ** 32 - 1, 2 ** 31, 2 ** 30);
  return packets.map((packet) =>
    editIp(
      { ...packet, originalLength: length },
      (view, family) => view.setUint16(family === 4 ? 2 : 4, 0),
    )
  );
}

export const CAPTURE_DAMAGE: Change[] = [
  damaged,
  damaged,
  damaged,
  strangeTimes,
  flood,
  reused,
  endless,
];
