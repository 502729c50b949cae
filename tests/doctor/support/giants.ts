/** Packets merged on their way up the receiver, as GRO and LRO do, or not yet split, as with TSO. */
import { concat, edited, viewOf } from "./bytes.ts";
import { type Tcp, tcpOf } from "./network.ts";
import type { Packet } from "./packet.ts";
import { rechecked, setIpLength, withIp } from "./rewrite.ts";

const WITHIN_NS = 100_000n;
/** A header can say up to 65535; one that says 0 belongs to what may be longer. */
const LIMIT = { correct: 65_535, zero: 200_000 };

/** Whether a header says how long a giant is. */
export type GiantLength = keyof typeof LIMIT;

function wholePayload(tcp: Tcp): Uint8Array {
  const start = tcp.ip.headerBytes + tcp.headerBytes;
  return tcp.part.bytes.slice(start, start + tcp.length);
}

/** Whether `next` goes on where `last` ends, in the same direction, with nothing else to say. */
function goesOn(last: Tcp, next: Tcp): boolean {
  return last.ip.source === next.ip.source && last.ip.destination === next.ip.destination &&
    last.sourcePort === next.sourcePort && last.destinationPort === next.destinationPort &&
    last.length > 0 && next.length > 0 && (last.seq + last.length) >>> 0 === next.seq &&
    last.headerBytes === next.headerBytes && last.ip.headerBytes === next.ip.headerBytes &&
    (last.flags | 8) === (next.flags | 8) && last.ack === next.ack && last.window === next.window;
}

function merged(last: Packet, next: Packet, kind: GiantLength): Packet | undefined {
  const a = tcpOf(last);
  const b = tcpOf(next);
  if (a === undefined || b === undefined || !goesOn(a, b)) return undefined;
  if (next.timeNs - last.timeNs > WITHIN_NS || next.timeNs < last.timeNs) return undefined;
  const headerBytes = a.ip.headerBytes + a.headerBytes;
  const total = headerBytes + a.length + b.length;
  if (total > LIMIT[kind]) return undefined;
  // The newer header has the newer time stamp; what is captured of the payload begins with the older.
  const payload = wholePayload(a);
  const rest = payload.length === a.length ? wholePayload(b) : new Uint8Array();
  const bytes = concat([b.part.bytes.slice(0, headerBytes), payload, rest]);
  const changed = edited(bytes, (view) => {
    viewOf(new Uint8Array(view.buffer, a.ip.headerBytes)).setUint32(4, a.seq);
    setIpLength(view, a.ip.family, kind === "zero" ? 0 : total);
  });
  return withIp(next, b.part, a.ip.family === 4 ? rechecked(changed) : changed, total);
}

/** `packets` with neighbours merged that follow each other without a gap, in bytes and in time. */
export function giants(packets: Packet[], kind: GiantLength): Packet[] {
  const result: Packet[] = [];
  for (const packet of packets) {
    const last = result.at(-1);
    const giant = last && merged(last, packet, kind);
    if (giant === undefined) result.push(packet);
    else result[result.length - 1] = giant;
  }
  return result;
}
