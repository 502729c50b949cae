/** ICMP messages that quote TCP packets, through `diagnose()`. */
import { assertEquals } from "@std/assert";
import { diagnose } from "../../../doctor/mod.ts";
import { frameOf, ipv4, ipv6 } from "../support/build.ts";
import { concat, u32, u8 } from "../support/bytes.ts";
import { FLAG, PROTOCOL } from "../support/network.ts";
import { captureOf, examined, Scene, verdictsOf } from "../support/scene.ts";

const ROUTER = { source: u8(10, 0, 0, 254), destination: u8(10, 0, 0, 2) };
const ROUTER_6 = {
  source: concat([u32(0x20010db8), new Uint8Array(11), u8(254)]),
  destination: concat([u32(0x20010db8), new Uint8Array(11), u8(2)]),
};

function syn(v6 = false): Scene {
  return new Scene({ v6 }).say("client", { flags: FLAG.syn }).wait(1);
}

/** What is said of a SYN and a message that quotes `bytes` of it. */
async function quoted(type: number, code: number, bytes: number, v6 = false): Promise<string> {
  const scene = syn(v6);
  const packet = scene.packets[0].bytes.subarray(14, 14 + bytes);
  const message = concat([u8(type, code), new Uint8Array(6), packet]);
  scene.put(frameOf(
    v6 ? ipv6(PROTOCOL.icmpv6, message, ROUTER_6) : ipv4(PROTOCOL.icmp, message, ROUTER),
  ));
  return verdictsOf(await examined(scene))[0];
}

Deno.test("diagnose() reads ICMP that quotes as little as it must, or all", async () => {
  for (const bytes of [28, 40, 82]) assertEquals(await quoted(3, 13, bytes), "filtered certain");
});

Deno.test("diagnose() reads no ICMP that quotes too little", async () => {
  for (let bytes = 0; bytes < 28; bytes++) {
    assertEquals(await quoted(3, 13, bytes), "unknown certain", `${bytes}`);
  }
});

Deno.test("diagnose() reads ICMPv6", async () => {
  assertEquals(await quoted(1, 1, 48, true), "filtered certain");
  assertEquals(await quoted(1, 4, 48, true), "refused certain");
  assertEquals(await quoted(1, 0, 48, true), "unreachable certain");
  // Packet too big, and an echo.
  assertEquals(await quoted(2, 0, 48, true), "unknown certain");
  assertEquals(await quoted(128, 0, 48, true), "unknown certain");
});

Deno.test("diagnose() reads no other messages: redirects, packets too big, time exceeded", async () => {
  for (const [type, code] of [[5, 1], [3, 4], [11, 0], [0, 0], [13, 13]] as const) {
    assertEquals(await quoted(type, code, 40), "unknown certain", `${type} ${code}`);
  }
});

Deno.test("diagnose() takes a message of a connection that was not captured for none", async () => {
  const scene = syn();
  const { packets: [, message] } = syn().icmp(3, 13);
  // Another port in what it quotes.
  message.bytes[14 + 20 + 8 + 20] ^= 1;
  scene.packets.push(message);
  const { connections } = await diagnose(captureOf(scene));
  assertEquals(connections.map((one) => verdictsOf(one)[0]), ["unknown certain"]);
});
