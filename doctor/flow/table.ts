/**
 * All connections of a capture, found by their ends.
 *
 * @module
 */

import { Flag, type Segment } from "../packet/segment.ts";
import { Connection } from "./connection.ts";

/** Connections that are kept: their memory is what bounds the doctor's. */
export const CONNECTIONS_MAX = 32_768;
/** So many connections are drawn from an early packet on, those that follow only if they are long. */
const DRAWN_ALL = 2048;
const DRAWN_FROM = 8;
const DRAWN_FROM_LATER = 64;
/** Looking for some to forget is given up when fewer are found. */
const FORGOTTEN_MIN = CONNECTIONS_MAX / 16;
/** The same ends are another connection's after this long without a packet. */
const FORGOTTEN_MS = 30 * 60_000;

/** Finds the connection of a packet. */
export class ConnectionTable {
  /** In the order of their first packets. */
  connections: Connection[] = [];
  /** Connections there was no room for. */
  moreConnections = 0;
  readonly #byHash: Map<number, Connection> = new Map();
  #last: Connection | undefined;
  #full = false;
  /** Side of the last packet that was found. */
  side: 0 | 1 = 0;

  /** The connection of `segment`, which may begin it; `undefined` if there is no room for one more. */
  find(segment: Segment): Connection | undefined {
    const known = this.lookUp(segment);
    if (known !== undefined && !beginsAnother(known, this.side, segment)) return known;
    if (this.connections.length === CONNECTIONS_MAX && !this.#forgetSome()) {
      // Counted by its first packet, as far as that can be told.
      if ((segment.flags & (Flag.SYN | Flag.ACK)) === Flag.SYN) this.moreConnections++;
      return undefined;
    }
    const few = this.connections.length < DRAWN_ALL;
    const created = new Connection(segment, hashOf(segment), few ? DRAWN_FROM : DRAWN_FROM_LATER);
    this.#insert(created);
    this.connections.push(created);
    this.#last = created;
    this.side = 0;
    return created;
  }

  /** The connection of `segment` if there is one; `side` says who sent it. */
  lookUp(segment: Segment): Connection | undefined {
    const last = this.#last;
    if (last !== undefined && this.#matches(last, segment)) return last;
    let one = this.#byHash.get(hashOf(segment));
    while (one !== undefined && !this.#matches(one, segment)) one = one.next;
    if (one !== undefined) this.#last = one;
    return one;
  }

  /** Forgets connections that ended and of which there is nothing to say. False: there are too few. */
  #forgetSome(): boolean {
    if (this.#full) return false;
    const kept = this.connections.filter((one) => !one.isUneventful);
    const forgotten = this.connections.length - kept.length;
    this.#full = forgotten < FORGOTTEN_MIN;
    this.moreConnections += forgotten;
    this.connections = kept;
    this.#byHash.clear();
    this.#last = undefined;
    for (const one of kept) this.#insert(one);
    return forgotten > 0;
  }

  #insert(connection: Connection): void {
    connection.next = this.#byHash.get(connection.hash);
    this.#byHash.set(connection.hash, connection);
  }

  #matches(connection: Connection, segment: Segment): boolean {
    const side = connection.sideOf(segment);
    if (side < 0) return false;
    this.side = side as 0 | 1;
    return true;
  }
}

/** Whether the packet is the first of another connection on the same ends. */
function beginsAnother(known: Connection, side: 0 | 1, segment: Segment): boolean {
  if (segment.timeMs - known.toMs > FORGOTTEN_MS) return true;
  const syn = (segment.flags & (Flag.SYN | Flag.ACK)) === Flag.SYN;
  if (!syn) return false;
  const { ending } = known;
  const other = segment.seq !== ending.isn[side];
  if (ending.over) return other || ending.fin[side] !== undefined;
  // Its end was not captured. Until it stood, a SYN with another number is another try.
  return other && known.packets > ending.syns + ending.synAcks;
}

/** The same for both directions. */
function hashOf({ source, sourcePort, target, targetPort }: Segment): number {
  return (hashOfEnd(source, sourcePort) + hashOfEnd(target, targetPort)) | 0;
}

/** Mixed before it meets the other end's: pairs of ends that differ alike must not share a hash. */
function hashOfEnd(words: Int32Array, port: number): number {
  let hash = port + 1;
  for (let i = 0; i < 4; i++) {
    hash = Math.imul(hash ^ words[i], 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}
