/** Addresses as text and as words. */
import { assertEquals } from "@std/assert";
import { addressText, addressWords } from "../../../doctor/packet/address.ts";
import { random } from "../../spill/random.ts";
import { SEED } from "../../spill/seed.ts";

/** Text in any form, and as RFC 5952 writes it. */
const FORMS: readonly (readonly [string, string])[] = [
  ["10.0.0.1", "10.0.0.1"],
  ["255.255.255.255", "255.255.255.255"],
  ["::", "::"],
  ["::1", "::1"],
  ["[::1]", "::1"],
  ["1::", "1::"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["2001:0db8::0001", "2001:db8::1"],
  // Two runs as long: the first. One group alone stays.
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::FFFF:a00:1", "10.0.0.1"],
  ["fe80::1%eth0", "fe80::1"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
];

for (const [given, text] of FORMS) {
  Deno.test(`addressWords() reads ${given}, addressText() writes ${text}`, () => {
    const words = addressWords(given);
    assertEquals(words && addressText(words), text);
  });
}

Deno.test("addressWords() reads no names, ports, prefixes, zones nor parts", () => {
  const bad = ["", "localhost", "10.0.0", "10.0.0.256", "10.0.0.1.2", "1.2.3.4:80", "10.0.0.0/8"];
  const bad6 = [":::", "1::2::3", "::g", "1:2:3", "[::1]:80", "::1/64", "::1 "];
  for (const text of [...bad, ...bad6, "[", "[]", ":", "-1.0.0.0", "0x7f.0.0.1", "１.1.1.1"]) {
    assertEquals(addressWords(text), undefined, text);
  }
});

Deno.test("addressWords() reads what addressText() writes", () => {
  const draw = random(SEED);
  for (let run = 0; run < 2000; run++) {
    const words = Int32Array.from({ length: 4 }, () => {
      const part = () => draw() < 0.6 ? 0 : Math.floor(draw() * 0x10000);
      return part() << 16 | part();
    });
    assertEquals(addressWords(addressText(words)), words, `seed ${SEED}, ${addressText(words)}`);
  }
});
