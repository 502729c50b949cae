import { assertEquals } from "@std/assert";
import { addressOf, endpointText, numericAddress } from "../../doctor/address.ts";
import { SEED } from "../spill/seed.ts";
import { noise, random } from "../spill/random.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex);

Deno.test("addressOf() spells addresses as RFC 5952 does", () => {
  assertEquals(addressOf(bytes("0a000001")), "10.0.0.1");
  assertEquals(addressOf(bytes("00000000000000000000000000000000")), "::");
  assertEquals(addressOf(bytes("00000000000000000000000000000001")), "::1");
  assertEquals(addressOf(bytes("20010db8000000000000000000000001")), "2001:db8::1");
  assertEquals(addressOf(bytes("fe800000000000000000000000000000")), "fe80::");
  assertEquals(addressOf(bytes("20010db8000000010000000000000001")), "2001:db8:0:1::1");
  assertEquals(addressOf(bytes("20010db8000000000001000000000001")), "2001:db8::1:0:0:1");
  assertEquals(addressOf(bytes("20010db8000000010001000100010001")), "2001:db8:0:1:1:1:1:1");
});

Deno.test("an IPv4 address in an IPv6 one is the IPv4 address", () => {
  assertEquals(addressOf(bytes("00000000000000000000ffff0a000001")), "10.0.0.1");
  assertEquals(numericAddress("::ffff:10.0.0.1"), "10.0.0.1");
  assertEquals(numericAddress("[::FFFF:a00:1]"), "10.0.0.1");
});

Deno.test("numericAddress() takes any spelling of an address, and nothing else", () => {
  assertEquals(numericAddress("10.0.0.1"), "10.0.0.1");
  assertEquals(numericAddress("[2001:DB8:0:0::1]"), "2001:db8::1");
  assertEquals(numericAddress("fe80::1%eth0"), "fe80::1");
  const none = ["", "localhost", "10.0.0", "10.0.0.256", "010.0.0.1", "1:2", "::1::", ":", "[::1"];
  for (const text of [...none, "::1]/x[", "10.0.0.1:80", "g::1", "::1%", "1.2.3.4.5"]) {
    assertEquals(numericAddress(text), text === "::1%" ? "::1" : undefined, text);
  }
});

Deno.test(`both spell alike, whatever the bytes (seed ${SEED})`, () => {
  const draw = random(SEED);
  for (let i = 0; i < 5_000; i++) {
    const some = noise(draw, draw() < 0.3 ? 4 : 16);
    // Runs of zeros are what spellings differ in.
    for (let at = 0; at < some.length; at++) if (draw() < 0.6) some[at] = 0;
    const text = addressOf(some);
    assertEquals(numericAddress(text), text, some.toHex());
  }
});

Deno.test("endpointText() puts IPv6 addresses in brackets", () => {
  assertEquals(endpointText({ address: "10.0.0.1", port: 80 }), "10.0.0.1:80");
  assertEquals(endpointText({ address: "::1", port: 80 }), "[::1]:80");
});
