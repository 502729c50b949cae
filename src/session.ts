/**
 * The handshake: what is said before the feed begins.
 *
 * @module
 */

import { abandonable } from "./deferred.ts";
import { OptionError, SpillwayError } from "./errors.ts";
import { toBytes } from "./reader/control.ts";
import { upgrade } from "./transport/open.ts";
import { utf8 } from "./utf8.ts";
import { readOf, type TlsOptions, type Transport, writtenOf } from "./transport/transport.ts";
import { turn } from "./turn.ts";

/** A line or reply longer than this is no handshake. */
const READ_BYTES_MAX = 1024 * 1024;
const CHUNK_BYTES = 4096;

/**
 * The server did not say what a handshake expects, or the session can't do what is
 * asked of it: the handshake is over, or TLS is not to be had on this connection.
 */
export class HandshakeError extends SpillwayError {
  /** Class name. */
  override name = "HandshakeError";
}

/** The server closed before it had said that. */
export class HandshakeEofError extends HandshakeError {}

/**
 * The connection before it feeds. Whatever was received and not read when the
 * handshake returns is where the feed starts: no byte is lost in between, a read
 * still under way then included. What was written goes out before the feed begins.
 *
 * @example
 * ```ts ignore
 * const client = await connect("localhost:6379", {
 *   framing: { type: "resp" },
 *   handshake: async (session) => {
 *     await session.write("*2\r\n$9\r\nSUBSCRIBE\r\n$5\r\nticks\r\n");
 *   },
 * });
 * ```
 */
export interface Session {
  /** Aborted when the connect timeout or the user ends the attempt; never any more once the handshake is done. */
  readonly signal: AbortSignal;
  /** Sends all of `bytes` (text as UTF-8). */
  write(bytes: string | Uint8Array): Promise<void>;
  /** What is there, at least one byte; `null` when the server closed. */
  read(): Promise<Uint8Array | null>;
  /** Exactly `count` bytes, at most 1 MiB, else it throws an `OptionError`. Throws a {@linkcode HandshakeError} when the server closes before. */
  readExactly(count: number): Promise<Uint8Array>;
  /** The next line as text, without its `\n` or `\r\n`. Throws a {@linkcode HandshakeError} when the server closes or a line is longer than 1 MiB. */
  readLine(): Promise<string>;
  /**
   * Goes on in TLS. Throws a {@linkcode HandshakeError} for a connection that is not
   * tcp, and if bytes came that were not read: they would be unauthenticated. Throws
   * an `OptionError` for `cert` and `key`, which Deno does not take here. Reads and
   * writes behind it are in TLS, waited for or not; when it fails so do they, and so
   * does the handshake, unless a later call succeeds.
   */
  startTls(tls?: TlsOptions): Promise<void>;
}

/** The implementation of {@linkcode Session}. */
export class HandshakeSession implements Session {
  readonly signal: AbortSignal;
  readonly #hostname: string | undefined;
  #transport: Transport;
  #received: Uint8Array = new Uint8Array(0);
  /** Reads under way, in order. */
  readonly #reading: Promise<Uint8Array | null>[] = [];
  /** Resolves when all that was written is with the kernel. */
  #writing: Promise<void> = Promise.resolve();
  /** Settles as the last {@linkcode startTls} does. */
  #upgrading: Promise<void> | undefined;
  #over = false;

  /** `hostname` is what TLS verifies; without one there is no `startTls()`. */
  constructor(transport: Transport, hostname: string | undefined, signal: AbortSignal) {
    this.#transport = transport;
    this.#hostname = hostname;
    this.signal = signal;
  }

  /** The connection, in TLS if it was upgraded. */
  get transport(): Transport {
    return this.#transport;
  }

  /** The handshake is done: refuses further calls, and resolves when what it wrote is out. Rejects if TLS was to begin and could not, whatever became of that error. */
  async close(): Promise<void> {
    this.#over = true;
    await this.#writing;
    await this.#upgrading;
  }

  /** Gives what was received and not read to the feed. Reads under way are the {@linkcode transport}'s from now on. */
  end(): Uint8Array {
    this.#over = true;
    if (this.#reading.length > 0) {
      this.#transport = new BegunTransport(this.#transport, this.#reading);
    }
    return this.#take(this.#received.length);
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return abandonable(this.#write(bytes));
  }

  async #write(bytes: string | Uint8Array): Promise<void> {
    this.#checkOpen();
    const all = toBytes(bytes);
    const upgrading = this.#upgrading;
    // Behind those that nobody waited for: a write may take some of its bytes only.
    const writing = this.#writing.then(async () => {
      await upgrading;
      for (let at = 0; at < all.length;) {
        const rest = all.subarray(at);
        at += writtenOf(rest, await this.#transport.write(rest));
      }
    });
    // What it threw is told to who wrote, and may be made good by another write.
    this.#writing = writing.catch(() => {});
    await writing;
  }

  read(): Promise<Uint8Array | null> {
    return abandonable(this.#read());
  }

  readExactly(count: number): Promise<Uint8Array> {
    return abandonable(this.#readExactly(count));
  }

  readLine(): Promise<string> {
    return abandonable(this.#readLine());
  }

  async #read(): Promise<Uint8Array | null> {
    if (this.#received.length === 0 && !await this.#receive()) return null;
    return this.#take(this.#received.length);
  }

  async #readExactly(count: number): Promise<Uint8Array> {
    if (!Number.isInteger(count) || count < 0 || count > READ_BYTES_MAX) {
      throw new OptionError("session.readExactly", `an integer from 0 to ${READ_BYTES_MAX}`, count);
    }
    while (this.#received.length < count) await this.#receiveMore(`${count} bytes`);
    return this.#take(count);
  }

  async #readLine(): Promise<string> {
    let searched = 0;
    while (true) {
      const end = this.#received.indexOf(0x0a, searched);
      if (end >= 0) return utf8.decode(this.#take(end + 1)).replace(/\r?\n$/, "");
      searched = this.#received.length;
      await this.#receiveMore("a line");
    }
  }

  startTls(tls: TlsOptions = {}): Promise<void> {
    const upgrading = abandonable(this.#startTls(tls));
    // What is refused counts as well: who asked for TLS must not go on without.
    if (!this.#over) this.#upgrading = upgrading;
    return upgrading;
  }

  async #startTls(tls: TlsOptions): Promise<void> {
    this.#checkOpen();
    if (tls.cert !== undefined || tls.key !== undefined) {
      throw new OptionError("session.startTls", "no client certificate: Deno has none here", tls);
    }
    if (this.#hostname === undefined) {
      throw new HandshakeError("expected a tcp connection to go on in TLS, got another kind");
    }
    if (this.#received.length > 0) {
      throw new HandshakeError(
        `expected nothing before TLS begins, got ${this.#received.length} bytes that are not authenticated`,
      );
    }
    await this.#writing;
    this.#transport = await upgrade(this.#transport, this.#hostname, tls, this.signal);
  }

  async #receiveMore(expected: string): Promise<void> {
    if (this.#received.length >= READ_BYTES_MAX) {
      throw new HandshakeError(
        `expected ${expected}, got ${this.#received.length} bytes without its end`,
      );
    }
    if (!await this.#receive()) {
      throw new HandshakeEofError(
        `expected ${expected}, got ${this.#received.length} bytes and the end of the connection`,
      );
    }
  }

  /** The feed has the connection now; who still reads would steal its bytes. */
  #checkOpen(): void {
    if (this.#over) {
      throw new HandshakeError("expected a handshake under way, got one that is over");
    }
  }

  async #receive(): Promise<boolean> {
    if (this.#upgrading !== undefined) await this.#upgrading;
    this.#checkOpen();
    const chunk = new Uint8Array(CHUNK_BYTES);
    const reading = this.#transport.read(chunk)
      .then((count) => {
        const bytes = readOf(chunk, count);
        return bytes === null ? null : chunk.subarray(0, bytes);
      });
    this.#reading.push(reading);
    let came: Uint8Array | null;
    try {
      came = await reading;
    } finally {
      if (!this.#over) this.#reading.splice(this.#reading.indexOf(reading), 1);
    }
    this.#checkOpen();
    if (came === null) return false;
    // Who asks again at once would keep the event loop, and the connect timeout with it, from turning.
    if (came.length === 0) await turn();
    const joined = new Uint8Array(this.#received.length + came.length);
    joined.set(this.#received);
    joined.set(came, this.#received.length);
    this.#received = joined;
    return true;
  }

  #take(count: number): Uint8Array {
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }
}

/** A connection of which the handshake has begun reads that it did not wait for: their bytes are the feed's. */
class BegunTransport implements Transport {
  readonly #transport: Transport;
  readonly #begun: Promise<Uint8Array | null>[];
  #rest: Uint8Array = new Uint8Array(0);

  constructor(transport: Transport, begun: Promise<Uint8Array | null>[]) {
    this.#transport = transport;
    this.#begun = begun;
  }

  // Not async: behind these few reads, another promise for each would be for nothing.
  read(into: Uint8Array): Promise<number | null> {
    const begun = this.#rest.length > 0 || this.#begun.length > 0;
    return begun ? this.#readBegun(into) : this.#transport.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#transport.write(bytes);
  }

  close(): void {
    this.#transport.close();
  }

  async #readBegun(into: Uint8Array): Promise<number | null> {
    if (this.#rest.length === 0) {
      const came = await this.#begun.shift();
      if (came === null || came === undefined) return null;
      this.#rest = came;
    }
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }
}
