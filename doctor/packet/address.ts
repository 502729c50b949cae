/**
 * IP addresses: four words here, text for people. IPv4 ones are mapped into IPv6.
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

/** The words of a numeric address; `undefined` if `text` is none. */
export function addressWords(text: string): Int32Array | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(bare)) {
    const bytes = bare.split(".").map(Number);
    if (bytes.some((byte) => byte > 255)) return undefined;
    return Int32Array.of(0, 0, MAPPED, bytes.reduce((word, byte) => word << 8 | byte, 0));
  }
  if (!bare.includes(":") || !URL.canParse(`http://[${bare}]`)) return undefined;
  return groupWords(new URL(`http://[${bare}]`).hostname.slice(1, -1));
}

/** The words of an IPv6 address of groups only, one run of zeros perhaps left out. */
function groupWords(text: string): Int32Array {
  const [front, back] = text.split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = back === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array(zeros).fill("0"), ...back ?? []]
    .map((group) => parseInt(group, 16));
  return Int32Array.from({ length: 4 }, (_, i) => groups[2 * i] << 16 | groups[2 * i + 1]);
}

/** Whether the two are the same address. */
export function sameAddress(a: Int32Array, b: Int32Array): boolean {
  return a[3] === b[3] && a[2] === b[2] && a[1] === b[1] && a[0] === b[0];
}
