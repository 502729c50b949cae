/**
 * Opens endpoints: tcp, tls, unix, or a duplex of web streams.
 *
 * @module
 */

import { withResolvers } from "../deferred.ts";
import { StreamTransport } from "./streams.ts";
import type { Endpoint } from "./target.ts";
import type { Duplex, TlsOptions, Transport } from "./transport.ts";

/** A dialer has no further connection. */
export class Exhausted extends Error {
  override name = "Exhausted";
}

/**
 * Opens `endpoint`; rejects with the signal's reason once it is aborted, and
 * with {@linkcode Exhausted} if a dialer has nothing more to open.
 */
export async function open(endpoint: Endpoint, signal: AbortSignal): Promise<Transport> {
  signal.throwIfAborted();
  switch (endpoint.kind) {
    case "tcp": {
      const { hostname, port } = endpoint;
      const conn = await aborting(signal, Deno.connect({ hostname, port, signal }));
      // A push feed is one-way: what little goes back (PONG, ACK) must not wait for Nagle.
      conn.setNoDelay(true);
      return conn;
    }
    case "tls":
      return await openTls(endpoint.hostname, endpoint.port, endpoint.tls, signal);
    case "unix":
      return await aborting(signal, Deno.connect({ transport: "unix", path: endpoint.path }));
    case "dialer": {
      const dialing = endpoint.dialer.dial(signal).then((dialed) => {
        if (dialed === null) throw new Exhausted("the dialer has come to its end");
        if (Object(dialed) !== dialed) {
          throw new TypeError(`expected a connection or null from dial(), got ${dialed}`);
        }
        return transportOf(dialed);
      });
      return await aborting(signal, dialing);
    }
    case "open":
      return transportOf(endpoint.transport);
  }
}

function transportOf(open: Transport | Duplex): Transport {
  return "readable" in open && !("read" in open) ? new StreamTransport(open) : open as Transport;
}

/** Continues `transport` in TLS, as STARTTLS protocols do. */
export async function upgrade(
  transport: Transport,
  hostname: string,
  tls: TlsOptions,
  signal: AbortSignal,
): Promise<Transport> {
  const conn = await Deno.startTls(transport as Deno.TcpConn, {
    hostname: tls.serverName ?? hostname,
    caCerts: tls.caCerts,
    alpnProtocols: tls.alpnProtocols,
  });
  return await handshaken(conn, signal);
}

async function openTls(
  hostname: string,
  port: number,
  tls: TlsOptions,
  signal: AbortSignal,
): Promise<Transport> {
  if (tls.cert === undefined || tls.key === undefined) {
    // By way of Deno.connect, which takes a signal, so that a silent host can be given up.
    const tcp = await aborting(signal, Deno.connect({ hostname, port, signal }));
    try {
      tcp.setNoDelay(true);
      return await upgrade(tcp, hostname, tls, signal);
    } catch (error) {
      closeQuietly(tcp);
      throw error;
    }
  }
  const { caCerts, alpnProtocols, cert, key } = tls;
  const conn = await aborting(
    signal,
    Deno.connectTls({ hostname, port, caCerts, alpnProtocols, cert, key }),
  );
  return await handshaken(conn, signal);
}

/** Deno resolves before the handshake; a wrong certificate is to fail here, not at the first read. */
async function handshaken(conn: Deno.TlsConn, signal: AbortSignal): Promise<Transport> {
  const close = () => closeQuietly(conn);
  if (signal.aborted) close();
  signal.addEventListener("abort", close, { once: true });
  try {
    await conn.handshake();
    signal.throwIfAborted();
    return conn;
  } catch (error) {
    close();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/**
 * Closes what nobody uses any more. It may be closed already, which connections
 * that are not Deno's tell in words of their own, or by a promise: whatever it is,
 * nothing depends on it, and the client has to end.
 */
export function closeQuietly(transport: { close(): unknown } | undefined): void {
  try {
    const closing = transport?.close();
    if (closing instanceof Promise) closing.catch(() => {});
  } catch {
    // As above.
  }
}

/** `opening`, unless the signal comes first; what opens too late is closed. */
async function aborting<T extends { close(): void }>(
  signal: AbortSignal,
  opening: Promise<T>,
): Promise<T> {
  const { promise: aborted, reject } = withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([opening, aborted]);
  } catch (error) {
    opening.then(closeQuietly, () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
