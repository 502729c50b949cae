/** What a variant of a capture is, and what most of them are made with. */
import type { Random } from "../../spill/random.ts";
import { writePcap } from "./capture.ts";
import type { Packet } from "./packet.ts";

/** A capture that another could have been, had it been taken or stored another way. */
export interface Variant {
  name: string;
  /** What the doctor may say of it, given what it says of the original. */
  keepsVerdict: "same" | "same_or_unknown";
  /** The TCP packets are there one for one, in the same order, with the same fields and times. */
  sameTcp: boolean;
  /** A file of it. */
  derive(packets: Packet[], random: Random): Uint8Array;
}

/** A file in the plainest format that keeps the times. */
export function plainFile(packets: Packet[]): Uint8Array {
  const micros = packets.every(({ timeNs }) => timeNs % 1000n === 0n);
  return writePcap(packets, { resolution: micros ? "us" : "ns" });
}

/** Changes packets. */
export type Change = (packets: Packet[], random: Random) => Packet[];

/** A variant that says the same in other packets. */
export function same(name: string, change: Change): Variant {
  return {
    name,
    keepsVerdict: "same",
    sameTcp: false,
    derive: (packets, random) => plainFile(change(packets, random)),
  };
}

/** A variant whose TCP packets stay as they are, headers around them do not. */
export function sameTcp(name: string, change: Change): Variant {
  return { ...same(name, change), sameTcp: true };
}

/** A variant that says less. */
export function less(name: string, change: Change): Variant {
  return { ...same(name, change), keepsVerdict: "same_or_unknown" };
}

/** In order of time, as a capture of one interface is; what came at the same time stays in order. */
export function inTime(packets: Packet[]): Packet[] {
  return packets.toSorted((a, b) => Number(a.timeNs - b.timeNs));
}
