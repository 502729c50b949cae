/** TCP headers and their options, through `diagnose()`. */
import { assertEquals } from "@std/assert";
import { type ConnectionReport, diagnose } from "../../../doctor/mod.ts";
import { frameOf, ipv4, tcp } from "../support/build.ts";
import { concat, edited, padded, u16, u8 } from "../support/bytes.ts";
import { writePcap } from "../support/capture.ts";
import { FLAG, PROTOCOL } from "../support/network.ts";

const CLIENT = { source: u8(10, 0, 0, 2), destination: u8(10, 0, 0, 9) };
const SERVER = { source: CLIENT.destination, destination: CLIENT.source };
const MSS_1400 = concat([u8(2, 4), u16(1400)]);
const SCALE_9 = u8(3, 3, 9);

/** What the doctor reads of a handshake with these options in each SYN. */
async function shaken(options: Uint8Array, answer = options): Promise<ConnectionReport> {
  const ports = { sourcePort: 50_000, destinationPort: 7000 };
  const back = { sourcePort: 7000, destinationPort: 50_000 };
  const segments = [
    [tcp({ ...ports, seq: 1, flags: FLAG.syn, options }, CLIENT), CLIENT],
    [tcp({ ...back, seq: 9, ack: 2, flags: FLAG.syn | FLAG.ack, options: answer }, SERVER), SERVER],
    [tcp({ ...ports, seq: 2, ack: 10, flags: FLAG.ack, window: 100 }, CLIENT), CLIENT],
  ] as const;
  const { connections: [connection] } = await diagnose(
    writePcap(segments.map(([bytes, ends], i) => {
      const frame = frameOf(ipv4(PROTOCOL.tcp, bytes, ends));
      return {
        timeNs: BigInt(i) * 1_000_000n,
        bytes: frame,
        originalLength: frame.length,
        linkType: 1,
      };
    })),
  );
  return connection;
}

Deno.test("diagnose() reads segment size and window scale, wherever they stand", async () => {
  for (
    const options of [
      concat([MSS_1400, SCALE_9]),
      concat([SCALE_9, MSS_1400]),
      concat([u8(1, 1, 1), SCALE_9, u8(1), MSS_1400, u8(0)]),
      concat([u8(4, 2), u8(8, 10), new Uint8Array(8), SCALE_9, MSS_1400]),
      concat([u8(254, 8), new Uint8Array(6), MSS_1400, SCALE_9, u8(0, 3, 3, 1)]),
    ]
  ) {
    const { client } = await shaken(padded(options));
    const stamped = options.includes(8) && options[0] === 4;
    assertEquals([client.windowScale, client.maxSegment], [9, stamped ? 1388 : 1400]);
    assertEquals(client.largestWindow, 100 * 2 ** 9);
  }
});

Deno.test("diagnose() scales no windows if only one side offers it", async () => {
  for (const [a, b] of [[SCALE_9, u8()], [u8(), SCALE_9]]) {
    const { client, server } = await shaken(padded(a), padded(b));
    assertEquals([client.windowScale, server.windowScale], [0, 0]);
  }
});

Deno.test("diagnose() scales by 14 at most", async () => {
  for (const scale of [14, 15, 255]) {
    assertEquals((await shaken(padded(u8(3, 3, scale)))).client.windowScale, 14);
  }
});

Deno.test("diagnose() stops at options whose lengths can't be", async () => {
  for (const bad of [u8(2, 0), u8(2, 1), u8(77, 0), u8(77, 255), u8(2, 200), u8(2)]) {
    const { client } = await shaken(padded(concat([SCALE_9, u8(1), bad])));
    assertEquals(client.windowScale, 9);
  }
  // A size of another length is no size.
  for (const bad of [u8(2, 3, 9), u8(2, 6, 1, 2, 3, 4), u8(3, 4, 7, 7), u8(3, 2)]) {
    const { client } = await shaken(padded(concat([bad, u8(1), MSS_1400])));
    assertEquals([client.windowScale, client.maxSegment], [0, 1400]);
  }
});

Deno.test("diagnose() counts TCP packets whose header can't be, and does not read them", async () => {
  const segment = tcp({ sourcePort: 1, destinationPort: 2, seq: 1, flags: FLAG.ack }, CLIENT);
  for (const offset of [0, 1, 4, 6, 15]) {
    const bytes = frameOf(
      ipv4(PROTOCOL.tcp, edited(segment, (view) => view.setUint8(12, offset << 4)), CLIENT),
    );
    const packet = { timeNs: 0n, bytes, originalLength: bytes.length, linkType: 1 };
    const { capture, connections } = await diagnose(writePcap([packet]));
    assertEquals([capture.tcpPackets, connections.length], [0, 0]);
    assertEquals(capture.notes[0].slice(0, 36), "1 packet of TCP could not be read: t");
  }
});
