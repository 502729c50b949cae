/**
 * Numeric addresses, each in one spelling, so that they can be compared as texts.
 *
 * An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) is the IPv4 address:
 * which of the two a socket has depends on how the program opened it, not on the peer.
 *
 * @module
 */

/** One end of a connection. */
export interface Endpoint {
  /** Numeric address: `10.0.0.1`, `2001:db8::1`. */
  address: string;
  /** TCP port. */
  port: number;
}

/** The first 12 bytes of `::ffff:0.0.0.0`. */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** The text of 4 or 16 bytes in network order. */
export function addressOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (MAPPED.every((byte, i) => bytes[i] === byte)) return bytes.subarray(12).join(".");
  const hex = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8 | bytes[2 * i + 1]))
    .map((group) => group.toString(16)).join(":");
  // RFC 5952: the longest run of zeros is left out, the first of two.
  const runs = hex.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((a, b) => b.length > a.length ? b : a, "");
  return longest === "" ? hex : hex.replace(new RegExp(`(?:^|:)${longest}(?::|$)`), "::");
}

/** The one spelling of a numeric address; `undefined` if `text` is none. Brackets and zones are left out. */
export function numericAddress(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(bare)) {
    const parts = bare.split(".");
    return parts.every((part) => String(Number(part)) === part && Number(part) < 256)
      ? bare
      : undefined;
  }
  if (!/^[\da-f:.]*:[\da-f:.]*$/i.test(bare) || !URL.canParse(`http://[${bare}]`)) return undefined;
  const v6 = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(v6);
  if (mapped === null) return v6;
  const [high, low] = mapped.slice(1).map((group) => parseInt(group, 16));
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

/** `10.0.0.1:9000`, `[::1]:9000`. */
export function endpointText({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
