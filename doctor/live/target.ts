/**
 * Which sockets are to be watched.
 *
 * @module
 */

import type { TcpSocket } from "./socket.ts";

/** Those connected to a server, or those of a process. */
export type LiveTarget =
  | {
    kind: "server";
    /** Numeric addresses, in one spelling each; `undefined`: any. */
    addresses: ReadonlySet<string> | undefined;
    port: number;
  }
  | {
    kind: "process";
    pid: number;
    /** Numbers of the sockets it has open. */
    inodes: ReadonlySet<number>;
  };

/** Whether a program has the socket, for a connection. */
export function isOpen({ state, inode }: TcpSocket): boolean {
  // What no program has can't be read; a listener has nothing to read.
  return inode !== 0 && state !== "listen" && state !== "closed";
}

/** Whether it is such a socket, and one of those asked for. */
export function isTarget(target: LiveTarget, socket: TcpSocket): boolean {
  const { inode, remote } = socket;
  if (!isOpen(socket)) return false;
  if (target.kind === "process") return target.inodes.has(inode);
  return remote.port === target.port && (target.addresses?.has(remote.address) ?? true);
}

/** Numbers of the sockets in what `ls -l /proc/PID/fd` prints. */
export function socketInodes(listing: string): Set<number> {
  return new Set(
    Array.from(listing.matchAll(/ -> socket:\[(\d+)\]$/gm), ([, inode]) => Number(inode)),
  );
}
