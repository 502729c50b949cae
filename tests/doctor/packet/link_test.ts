/** What lies around IP packets, through `diagnose()`. */
import { assertEquals } from "@std/assert";
import { diagnose } from "../../../doctor/mod.ts";
import { concat, u16, u32, u8 } from "../support/bytes.ts";
import { writePcap } from "../support/capture.ts";
import { ETHER, LINK } from "../support/link.ts";
import { Scene } from "../support/scene.ts";

const ETHERNET_BYTES = 14;

/** A connection's packets, each with another head in front of its IP packet. */
async function tcpPackets(linkType: number, head: Uint8Array, scene = new Scene()) {
  scene.handshake();
  const packets = scene.packets.map((packet) => {
    const bytes = concat([head, packet.bytes.subarray(ETHERNET_BYTES)]);
    const originalLength = packet.originalLength - ETHERNET_BYTES + head.length;
    return { ...packet, bytes, originalLength, linkType };
  });
  const { capture, connections } = await diagnose(writePcap(packets));
  return { count: capture.tcpPackets, connections, notes: capture.notes };
}

function ethernet(...types: number[]): Uint8Array {
  const tagged = types.slice(0, -1).flatMap((type) => [u16(type), u16(5)]);
  return concat([new Uint8Array(12), ...tagged, u16(types[types.length - 1])]);
}

const HEADS: readonly (readonly [string, number, Uint8Array])[] = [
  ["Ethernet", LINK.ethernet, ethernet(ETHER.ipv4)],
  ["a VLAN", LINK.ethernet, ethernet(ETHER.vlan, ETHER.ipv4)],
  ["VLANs in each other", LINK.ethernet, ethernet(ETHER.serviceVlan, ETHER.vlan, ETHER.ipv4)],
  ["old VLANs", LINK.ethernet, ethernet(ETHER.oldQinq, ETHER.oldQinq, ETHER.vlan, ETHER.ipv4)],
  ["PPPoE", LINK.ethernet, concat([ethernet(ETHER.pppoe), new Uint8Array(6), u16(0x21)])],
  [
    "PPPoE in a VLAN",
    LINK.ethernet,
    concat([ethernet(ETHER.vlan, ETHER.pppoe), new Uint8Array(6), u16(0x21)]),
  ],
  ["nothing", LINK.raw, u8()],
  ["nothing, by BSD's number", LINK.raw12, u8()],
  ["nothing, by OpenBSD's number", LINK.raw14, u8()],
  ["nothing, always IPv4", LINK.ipv4, u8()],
  ["a family in either byte order", LINK.null, u32(2, "little")],
  ["a family in network order", LINK.loop, u32(2)],
  ["Linux cooked capture", LINK.sll, concat([new Uint8Array(14), u16(ETHER.ipv4)])],
  [
    "Linux cooked capture with a VLAN",
    LINK.sll,
    concat([new Uint8Array(14), u16(ETHER.vlan), u16(9), u16(ETHER.ipv4)]),
  ],
  ["Linux cooked capture 2", LINK.sll2, concat([u16(ETHER.ipv4), new Uint8Array(18)])],
];

for (const [name, linkType, head] of HEADS) {
  Deno.test(`diagnose() reads TCP in ${name}`, async () => {
    const { count, connections } = await tcpPackets(linkType, head);
    assertEquals([count, connections.length], [3, 1]);
    assertEquals(connections[0].client.address, "10.0.0.2");
  });
}

Deno.test("diagnose() takes the direction of Linux cooked captures for where it was made", async () => {
  for (
    const [linkType, head] of [
      [LINK.sll, concat([u16(4), new Uint8Array(12), u16(ETHER.ipv4)])],
      [LINK.sll2, concat([u16(ETHER.ipv4), new Uint8Array(8), u8(4), new Uint8Array(9)])],
    ] as const
  ) {
    const scene = new Scene().handshake(1, 1);
    const packets = scene.packets.map((packet, i) => {
      const own = i % 2 === 1 ? head : head.slice();
      if (i % 2 === 0) own.fill(0, linkType === LINK.sll ? 0 : 10, linkType === LINK.sll ? 2 : 11);
      const bytes = concat([own, packet.bytes.subarray(ETHERNET_BYTES)]);
      return { ...packet, bytes, originalLength: bytes.length, linkType };
    });
    const { connections } = await diagnose(writePcap(packets));
    assertEquals(connections[0].vantage, "server", `${linkType}`);
  }
});

Deno.test("diagnose() says how many packets of which link type it does not read", async () => {
  const { count, notes } = await tcpPackets(127, u8());
  assertEquals([count, notes], [0, ["3 packets of link type 127, which is not read"]]);
});

Deno.test("diagnose() passes over what is no IP, or cut off before it", async () => {
  for (
    const [linkType, head] of [
      [LINK.ethernet, ethernet(ETHER.arp)],
      [LINK.ethernet, ethernet(ETHER.lldp)],
      [LINK.ethernet, concat([ethernet(ETHER.pppoe), new Uint8Array(6), u16(0xc021)])],
    ] as const
  ) {
    assertEquals((await tcpPackets(linkType, head)).count, 0);
  }
  const [packet] = new Scene().say("client", {}).packets;
  for (const linkType of Object.values(LINK)) {
    for (let length = 0; length < 60; length++) {
      const bytes = new Uint8Array(length).fill(0x81);
      const { capture } = await diagnose(writePcap([{ ...packet, bytes, linkType }]));
      assertEquals([capture.packets, capture.tcpPackets], [1, 0], `${linkType}, ${length}`);
    }
  }
});

Deno.test("diagnose() gets to the end of a frame of nothing but VLAN tags", async () => {
  const [packet] = new Scene().say("client", {}).packets;
  const bytes = concat([new Uint8Array(12), ...Array(60_000).fill(u32(0x81000001))]);
  const { capture } = await diagnose(writePcap([{ ...packet, bytes }]));
  assertEquals([capture.packets, capture.tcpPackets], [1, 0]);
});
