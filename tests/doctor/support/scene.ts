/**
 * A connection played packet by packet, as a capture of it would show it: who says what and when
 * is up to the test, the numbers are counted here.
 */
import { diagnose, type DiagnoseOptions } from "../../../doctor/diagnose.ts";
import type { ConnectionReport } from "../../../doctor/report.ts";
import { frameOf, ipv4, ipv6, tcp } from "./build.ts";
import { concat, u16, u32, u8, viewOf } from "./bytes.ts";
import { FLAG, PROTOCOL } from "./network.ts";
import type { Packet } from "./packet.ts";
import { writePcap } from "./pcap.ts";

export type Who = "client" | "server";

/** Enough for an ICMPv6 message with its quote. */
const SNAPLEN = 128;
const START_NS = 1_700_000_000_000_000_000n;
/** Those of a scene that says nothing else. */
export const MSS = 1460;
export const WINDOW = 65_536;

/** How a connection is set up. */
export interface SceneOptions {
  /** What both say in the handshake. Default 1460. */
  mss?: number;
  /** log2 of the unit of windows. Default 7; `undefined` says none. */
  scale?: number | undefined;
  clientPort?: number;
  serverPort?: number;
  /** Numbers both begin with. */
  clientIsn?: number;
  serverIsn?: number;
  /** Time to live of packets of each. */
  ttl?: Record<Who, number>;
  /** Whether IPv4 packets are numbered. Default true. */
  numbered?: boolean;
  /** Milliseconds on the sender's timestamp clock; no timestamps without. */
  stampMs?: (now: number) => number;
  v6?: boolean;
  /** When it begins. Default 0. */
  fromMs?: number;
}

/** What is not said as usual in a packet. */
export interface Said {
  flags?: number;
  bytes?: number;
  /** Offset of the payload in the stream. Default behind what was said. */
  at?: number;
  /** Number on the wire, in place of `at`. */
  seq?: number;
  /** Offset in the other's stream. Default all the other said. */
  ack?: number;
  /** Bytes; from now on. */
  window?: number;
  ttl?: number;
  id?: number;
}

interface End {
  address: Uint8Array;
  port: number;
  isn: number;
  /** Offset behind what was said. */
  next: number;
  window: number;
  ttl: number;
  id: number;
}

/** One connection. Methods that speak take no time. */
export class Scene {
  /** Since the capture's begin. */
  now: number;
  readonly packets: Packet[] = [];
  readonly client: End;
  readonly server: End;
  readonly #options: SceneOptions;

  constructor(options: SceneOptions = {}) {
    const { ttl = { client: 64, server: 57 }, v6 = false } = options;
    const address = (last: number) =>
      v6 ? concat([u8(0x20, 1, 0xd, 0xb8), new Uint8Array(11), u8(last)]) : u8(10, 0, 0, last);
    const end = (last: number, port: number, isn: number, life: number): End => ({
      ...{ address: address(last), port, isn, next: 0, window: WINDOW, ttl: life, id: 1000 * last },
    });
    this.client = end(2, options.clientPort ?? 50_000, options.clientIsn ?? 1000, ttl.client);
    this.server = end(9, options.serverPort ?? 7000, options.serverIsn ?? 90_000, ttl.server);
    this.#options = { scale: 7, mss: MSS, ...options };
    this.now = options.fromMs ?? 0;
  }

  /** Time goes by. */
  wait(ms: number): this {
    this.now += ms;
    return this;
  }

  /** A packet of `who`. */
  say(who: Who, said: Said): this {
    const [from, to] = who === "client" ? [this.client, this.server] : [this.server, this.client];
    const { flags = FLAG.ack, bytes = 0, at = from.next, ack = to.next } = said;
    from.window = said.window ?? from.window;
    const syn = (flags & FLAG.syn) !== 0;
    const unit = syn ? 1 : 2 ** (this.#options.scale ?? 0);
    const ends = { source: from.address, destination: to.address };
    const segment = tcp({
      sourcePort: from.port,
      destinationPort: to.port,
      seq: said.seq ?? (from.isn + (syn ? 0 : 1) + at) >>> 0,
      ack: (flags & FLAG.ack) === 0 ? 0 : (to.isn + 1 + ack) >>> 0,
      flags,
      window: Math.min(65_535, Math.floor(from.window / unit)),
      options: this.#optionsOf(syn),
      payload: new Uint8Array(bytes),
    }, ends);
    const numbered = this.#options.numbered ?? true;
    const id = said.id ?? (numbered ? from.id++ & 0xffff : 0);
    const fields = { ...ends, ttl: said.ttl ?? from.ttl, id };
    const { v6 = false } = this.#options;
    this.put(frameOf((v6 ? ipv6 : ipv4)(PROTOCOL.tcp, segment, fields)));
    const fin = (flags & FLAG.fin) !== 0 ? 1 : 0;
    if (said.seq === undefined) from.next = Math.max(from.next, at + bytes + fin);
    return this;
  }

  #optionsOf(syn: boolean): Uint8Array {
    const { mss, scale, stampMs } = this.#options;
    const stamp = stampMs === undefined
      ? u8()
      : concat([u8(1, 1, 8, 10), u32(Math.floor(stampMs(this.now)) >>> 0), u32(1)]);
    if (!syn) return stamp;
    return concat([
      u8(2, 4),
      u16(mss ?? MSS),
      scale === undefined ? u8() : u8(3, 3, scale, 1),
      stamp,
    ]);
  }

  /** Any frame. */
  put(frame: Uint8Array): this {
    this.packets.push({
      timeNs: START_NS + BigInt(Math.round(this.now * 1e6)),
      bytes: frame.slice(0, SNAPLEN),
      originalLength: frame.length,
      linkType: 1,
    });
    return this;
  }

  /** The three packets, seen at the client if it is the quicker of the two. */
  handshake(serverMs = 10, clientMs = 0.1): this {
    return this.say("client", { flags: FLAG.syn }).wait(serverMs)
      .say("server", { flags: FLAG.syn | FLAG.ack }).wait(clientMs)
      .say("client", {});
  }

  /** New data. */
  data(who: Who, bytes: number, said: Said = {}): this {
    return this.say(who, { flags: FLAG.psh | FLAG.ack, bytes, ...said });
  }

  /** `who` acknowledges everything, and now takes `window`. */
  ack(who: Who, window?: number, said: Said = {}): this {
    return this.say(who, { ...window === undefined ? {} : { window }, ...said });
  }

  /** Data of the server every so often for so long, each message acknowledged. */
  feed(forMs: number, everyMs = 50, bytes = 500, who: Who = "server"): this {
    const other = who === "server" ? "client" : "server";
    for (const until = this.now + forMs; this.now < until; this.wait(everyMs)) {
      this.data(who, bytes).ack(other);
    }
    return this;
  }

  /** Data that does not stop until the other side's window is used up, and is told so. */
  fill(who: Who = "server"): this {
    const other = who === "server" ? "client" : "server";
    let room = this[other].window;
    for (; room > 0; room -= MSS) {
      this.data(who, Math.min(MSS, room)).wait(0.2).ack(other, Math.max(0, room - MSS));
    }
    return this;
  }

  fin(who: Who): this {
    return this.say(who, { flags: FLAG.fin | FLAG.ack });
  }

  /** An RST of its own accord. */
  rst(who: Who, said: Said = {}): this {
    return this.say(who, { flags: FLAG.rst | FLAG.ack, ...said });
  }

  /** The RST of a host that knows no connection, in answer to the other's last packet. */
  bareRst(who: Who): this {
    const { isn, next } = this[who];
    return this.say(who, { flags: FLAG.rst, seq: (isn + 1 + next) >>> 0, window: 0 });
  }

  /** Both sides close, the first one first. */
  close(first: Who): this {
    const second = first === "server" ? "client" : "server";
    return this.fin(first).wait(1).fin(second).wait(1).ack(first);
  }

  /** A router's message about the last packet. */
  icmp(type: number, code: number): this {
    const frame = this.packets[this.packets.length - 1].bytes;
    const quoted = frame.subarray(14, 14 + 28);
    const message = concat([u8(type, code), new Uint8Array(6), quoted]);
    const source = u8(10, 0, 0, 254);
    const destination = new Uint8Array(viewOf(frame).buffer.slice(26, 30));
    return this.put(frameOf(ipv4(PROTOCOL.icmp, message, { source, destination })));
  }
}

/** A capture of these, in the order of their times; one alone stays in that it was played in. */
export function captureOf(...scenes: Scene[]): Uint8Array<ArrayBuffer> {
  const packets = scenes.flatMap((scene) => scene.packets);
  if (scenes.length > 1) packets.sort((a, b) => Number(a.timeNs - b.timeNs));
  return writePcap(packets, { resolution: "ns" });
}

/** What the doctor says of `scene` alone. */
export async function examined(
  scene: Scene,
  options: DiagnoseOptions = {},
): Promise<ConnectionReport> {
  const { connections } = await diagnose(captureOf(scene), options);
  if (connections.length !== 1) throw new Error(`${connections.length} connections`);
  return connections[0];
}

/** Kinds, outcomes and how sure, as `slow_consumer cut likely`, for short comparisons. */
export function verdictsOf({ verdicts }: ConnectionReport): string[] {
  return verdicts.map(({ kind, outcome, confidence }) =>
    [kind, ...outcome === undefined ? [] : [outcome], confidence].join(" ")
  );
}
