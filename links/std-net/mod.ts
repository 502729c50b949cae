/**
 * Stands in for `@std/net` where JSR is out of reach: what this project uses of it.
 *
 * @module
 */

/** Options for {@linkcode getAvailablePort}. */
export interface GetAvailablePortOptions {
  /** The port to give if it is free. */
  preferredPort?: number;
}

function listenOn(port: number): number {
  using listener = Deno.listen({ port });
  return listener.addr.port;
}

/** A TCP port that nobody listens on at this moment. */
export function getAvailablePort(options?: GetAvailablePortOptions): number {
  try {
    return listenOn(options?.preferredPort ?? 0);
  } catch (error) {
    if (!options?.preferredPort || !(error instanceof Deno.errors.AddrInUse)) throw error;
    return listenOn(0);
  }
}
