/** Sequence numbers moved so that they pass 2^32 in the middle of each connection. */
import { type Tcp, tcpOf } from "./network.ts";
import type { Packet } from "./packet.ts";
import { editTcp } from "./rewrite.ts";

const ACK = 16;
const SACK = 5;

/** Names a direction, or the other one. */
function directionOf({ ip, sourcePort, destinationPort }: Tcp, reverse = false): string {
  const ends = [`${ip.source} ${sourcePort}`, `${ip.destination} ${destinationPort}`];
  return (reverse ? ends.toReversed() : ends).join(" ");
}

/** What to add to the sequence numbers of each direction. */
function shiftsOf(packets: Packet[]): Map<string, number> {
  const spans = new Map<string, { first: number; longest: number }>();
  for (const packet of packets) {
    const tcp = tcpOf(packet);
    if (tcp === undefined) continue;
    const direction = directionOf(tcp);
    const span = spans.get(direction) ?? { first: tcp.seq, longest: 0 };
    span.longest = Math.max(span.longest, (tcp.seq - span.first) | 0);
    spans.set(direction, span);
  }
  return new Map(
    [...spans].map(([direction, { first, longest }]) =>
      [direction, -(first + Math.floor(longest / 2))] as const
    ),
  );
}

function add(view: DataView, at: number, shift: number): void {
  if (at + 4 <= view.byteLength) view.setUint32(at, view.getUint32(at) + shift);
}

/** The edges of each block that a SACK option holds. */
function shiftSacks(view: DataView, headerBytes: number, shift: number): void {
  let at = 20;
  while (at + 1 < Math.min(headerBytes, view.byteLength)) {
    const kind = view.getUint8(at);
    const length = kind === 1 ? 1 : view.getUint8(at + 1);
    if (kind === 0 || length === 0) return;
    if (kind === SACK) {
      for (let edge = at + 2; edge < at + length; edge += 4) add(view, edge, shift);
    }
    at += length;
  }
}

/** The same connections with numbers that pass 2^32 halfway. */
export function wrapped(packets: Packet[]): Packet[] {
  const shifts = shiftsOf(packets);
  return packets.map((packet) => {
    const tcp = tcpOf(packet);
    if (tcp === undefined) return packet;
    const own = shifts.get(directionOf(tcp)) ?? 0;
    const other = shifts.get(directionOf(tcp, true)) ?? 0;
    return editTcp(packet, (view) => {
      add(view, 4, own);
      if ((tcp.flags & ACK) !== 0) add(view, 8, other);
      shiftSacks(view, tcp.headerBytes, other);
    });
  });
}
