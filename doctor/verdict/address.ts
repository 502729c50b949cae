/**
 * IP addresses as text.
 *
 * @module
 */

const MAPPED = 0xffff;

/** An address of four words: IPv4 as `10.0.0.1`, IPv6 as RFC 5952 writes it. */
export function addressText(words: Int32Array): string {
  if (words[0] === 0 && words[1] === 0 && words[2] === MAPPED) {
    const word = words[3];
    return [word >>> 24, word >>> 16 & 255, word >>> 8 & 255, word & 255].join(".");
  }
  const groups = [...words].flatMap((word) => [word >>> 16, word & 0xffff]);
  const { from, length } = longestZeros(groups);
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`;
}

function longestZeros(groups: number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 };
  for (let from = 0; from < groups.length; from++) {
    let length = 0;
    while (groups[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  return best;
}
