/** A connection without a fault, to lie beside one that has some. */
import { frameOf, ipv4, tcp } from "./build.ts";
import { u8 } from "./bytes.ts";
import { FLAG, PROTOCOL } from "./network.ts";
import type { Packet } from "./packet.ts";

const CLIENT = { address: u8(198, 51, 100, 7), port: 50_123, seq: 1000 };
const SERVER = { address: u8(198, 51, 100, 8), port: 443, seq: 2000 };
const SNAPLEN = 96;
const MESSAGE_BYTES = 300;
const MILLISECOND = 1_000_000n;
/** MSS 1460, no window scale. */
const SYN_OPTIONS = u8(2, 4, 0x05, 0xb4);

/** A server's messages every tenth of a second from `first` to `last`, each acknowledged, then the end. */
export function healthyConnection(first: bigint, last: bigint): Packet[] {
  const packets: Packet[] = [];
  const next = { client: CLIENT.seq, server: SERVER.seq };
  let time = first;

  function send(from: "client" | "server", flags: number, bytes = 0): void {
    const [source, destination] = from === "client" ? [CLIENT, SERVER] : [SERVER, CLIENT];
    const syn = (flags & FLAG.syn) !== 0;
    const ends = { source: source.address, destination: destination.address };
    const frame = frameOf(ipv4(
      PROTOCOL.tcp,
      tcp({
        sourcePort: source.port,
        destinationPort: destination.port,
        seq: next[from],
        ack: (flags & FLAG.ack) === 0 ? 0 : next[from === "client" ? "server" : "client"],
        flags,
        options: syn ? SYN_OPTIONS : u8(),
        payload: new Uint8Array(bytes),
      }, ends),
      ends,
    ));
    packets.push({
      timeNs: time,
      bytes: frame.slice(0, SNAPLEN),
      originalLength: frame.length,
      linkType: 1,
    });
    next[from] += bytes + (syn || (flags & FLAG.fin) !== 0 ? 1 : 0);
    time += MILLISECOND;
  }

  send("client", FLAG.syn);
  send("server", FLAG.syn | FLAG.ack);
  send("client", FLAG.ack);
  while (time + 110n * MILLISECOND < last) {
    send("server", FLAG.psh | FLAG.ack, MESSAGE_BYTES);
    send("client", FLAG.ack);
    time += 98n * MILLISECOND;
  }
  send("server", FLAG.fin | FLAG.ack);
  send("client", FLAG.fin | FLAG.ack);
  send("server", FLAG.ack);
  return packets;
}
