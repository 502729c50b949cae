/**
 * From packets to connections.
 *
 * @module
 */

import type { Slab } from "../../src/slab.ts";
import type { PacketRun } from "../capture/packet_run.ts";
import type { PacketSink } from "../capture/packets.ts";
import { sameAddress } from "../packet/address.ts";
import { readUnreachable } from "../packet/icmp.ts";
import { IpPayload, Protocol, readIp } from "../packet/ip.ts";
import { locate, NOT_READ, outgoing } from "../packet/link.ts";
import { Segment } from "../packet/segment.ts";
import { readTcp } from "../packet/tcp.ts";
import { ConnectionTable } from "./table.ts";

/** An end of the connections that are looked at. */
export interface EndFilter {
  /** Its address, four words; `undefined`: any. */
  words: Int32Array | undefined;
  /** Its port; `undefined`: any. */
  port: number | undefined;
}

/** Looks at each packet once. */
export class Analysis implements PacketSink {
  readonly table: ConnectionTable = new ConnectionTable();
  /** Packets of TCP, whole enough to be read. */
  tcpPackets = 0;
  /** Those of connections that are not looked at. */
  filteredOut = 0;
  /** Packets that were there twice. */
  duplicates = 0;
  /** Fragments behind the first, whose TCP header is in another packet. */
  fragments = 0;
  /** TCP packets of which too little was captured, or that make no sense. */
  unreadable = 0;
  /** Packets by link types that are not read. */
  readonly otherLinks: Map<number, number> = new Map();
  /** Time of the last packet. */
  lastMs = 0;
  readonly #filter: EndFilter | undefined;
  readonly #segment: Segment = new Segment();
  readonly #payload: IpPayload = new IpPayload();

  constructor(filter?: EndFilter) {
    this.#filter = filter;
  }

  packets(slab: Slab, run: PacketRun, count: number): void {
    const { view } = slab;
    for (let i = 0; i < count; i++) {
      const at = run.at[i];
      this.#segment.frame = run.frame[i];
      this.#segment.timeMs = run.timeMs[i];
      this.#packet(view, at, at + run.captured[i], at + run.original[i], run.linkType[i]);
    }
    if (count > 0) this.lastMs = Math.max(this.lastMs, run.timeMs[count - 1]);
  }

  #packet(view: DataView, at: number, captured: number, sent: number, linkType: number): void {
    const ip = locate(view, at, captured, linkType);
    if (ip < 0) {
      if (ip === NOT_READ) this.otherLinks.set(linkType, (this.otherLinks.get(linkType) ?? 0) + 1);
      return;
    }
    const segment = this.#segment;
    const payload = this.#payload;
    if (!readIp(view, ip, captured, sent, segment, payload)) return;
    if (payload.protocol === Protocol.TCP) {
      segment.outgoing = outgoing(view, at, captured, linkType);
      this.#tcp(view, captured);
    } else if (payload.protocol === Protocol.ICMP || payload.protocol === Protocol.ICMPV6) {
      this.#icmp(view, captured);
    }
  }

  #tcp(view: DataView, captured: number): void {
    const segment = this.#segment;
    const payload = this.#payload;
    if (payload.fragment && !payload.first) {
      this.fragments++;
      return;
    }
    if (!readTcp(view, payload.at, captured, payload.length, segment)) {
      this.unreadable++;
      return;
    }
    this.tcpPackets++;
    if (this.#filter !== undefined && !matches(this.#filter, segment)) {
      this.filteredOut++;
      return;
    }
    const connection = this.table.find(segment);
    if (connection === undefined) return;
    if (!connection.add(segment, this.table.side)) this.duplicates++;
  }

  #icmp(view: DataView, captured: number): void {
    const segment = this.#segment;
    const message = readUnreachable(view, this.#payload, captured, segment);
    if (message === undefined) return;
    const connection = this.table.lookUp(segment);
    connection?.ending.addUnreachable(message, segment.frame, segment.timeMs);
  }
}

function matches({ words, port }: EndFilter, segment: Segment): boolean {
  const { source, sourcePort, target, targetPort } = segment;
  const is = (endWords: Int32Array, endPort: number) =>
    (port === undefined || port === endPort) &&
    (words === undefined || sameAddress(words, endWords));
  return is(source, sourcePort) || is(target, targetPort);
}
