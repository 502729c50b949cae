/**
 * IP addresses as packets have them: four words here, IPv4 ones mapped into IPv6.
 *
 * @module
 */

import { addressOf, numericAddress } from "../address.ts";

/** The second but last word of a mapped IPv4 address (RFC 4291, section 2.5.5.2). */
export const MAPPED = 0xffff;

/** An address of four words as people write it. */
export function addressText(words: Int32Array): string {
  const view = new DataView(new ArrayBuffer(16));
  for (const [i, word] of words.entries()) view.setInt32(4 * i, word);
  return addressOf(new Uint8Array(view.buffer));
}

/** The words of a numeric address; `undefined` if `text` is none. */
export function addressWords(text: string): Int32Array | undefined {
  const address = numericAddress(text);
  if (address === undefined) return undefined;
  if (!address.includes(":")) {
    const word = address.split(".").reduce((bits, byte) => bits << 8 | Number(byte), 0);
    return Int32Array.of(0, 0, MAPPED, word);
  }
  const [front, back] = address.split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = back === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array(zeros).fill("0"), ...back ?? []]
    .map((group) => parseInt(group, 16));
  return Int32Array.from({ length: 4 }, (_, i) => groups[2 * i] << 16 | groups[2 * i + 1]);
}

/** Whether the two are the same address. */
export function sameAddress(a: Int32Array, b: Int32Array): boolean {
  return a[3] === b[3] && a[2] === b[2] && a[1] === b[1] && a[0] === b[0];
}
