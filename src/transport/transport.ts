/**
 * What the reader needs of a connection, and the connections there are.
 *
 * @module
 */

/** A two-way byte stream. Every `Deno.Conn` is one. */
export interface Transport {
  /** Reads into `into`; resolves to the number of bytes, which may be 0, or `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes`; resolves to how many, at least 1. */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes at once; a pending read ends. Is called again on what is closed already; what it throws is of no interest. */
  close(): void;
}

/** Any pair of web streams. */
export interface Duplex {
  /** What comes in. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes out. */
  readonly writable: WritableStream<Uint8Array>;
}

/** TLS options, passed through to Deno. All certificates and keys are PEM texts. */
export interface TlsOptions {
  /** Root certificates trusted beside the default ones. */
  caCerts?: string[];
  /** Client certificate chain; only with `key`, and then `serverName` must be the host name. */
  cert?: string;
  /** Private key of `cert`; only with that. */
  key?: string;
  /** ALPN protocols offered, in order of preference. */
  alpnProtocols?: string[];
  /** Name the certificate must have. Default: the host name connected to. */
  serverName?: string;
}

/** Opens connections of a kind of your own, one after the other. */
export interface Dialer {
  /** What messages call it. Default "a dialed connection". */
  readonly name?: string;
  /**
   * Opens the next connection; `null` says that there is none any more, which
   * ends the client for good. Rejects with `signal.reason` once that is aborted,
   * which it never is any more once the connection stands.
   */
  dial(signal: AbortSignal): Promise<Transport | Duplex | null>;
}

/**
 * Where to connect to: `"host:port"`, `"[::1]:port"`, `"tcp://host:port"`,
 * `"tls://host:port"`, `"unix:/path"`, the same as an object, something that opens
 * connections, or something already open. Without a host, as in `":port"` and
 * `{ port }`, it is 127.0.0.1.
 */
export type Target =
  | string
  | { hostname?: string; port: number; tls?: boolean | TlsOptions }
  | { path: string }
  | Dialer
  | Transport
  | Duplex;

/** What `read()` gave, of `room`. Throws a `TypeError` for a count that can't be: beyond the room is what was there before. */
export function readOf(room: Uint8Array, count: number | null): number | null {
  if (count === null) return null;
  if (Number.isInteger(count) && count >= 0 && count <= room.length) return count;
  throw new TypeError(`expected read() to give null or 0 to ${room.length} bytes, got ${count}`);
}

/** What `write()` gave for `bytes`, which are not empty. Throws a `TypeError` for a count that can't be: a user's transport may give any. */
export function writtenOf(bytes: Uint8Array, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= bytes.length) return count;
  throw new TypeError(`expected write() to give 1 to ${bytes.length} bytes, got ${count}`);
}
