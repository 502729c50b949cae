/**
 * Why a server can't listen, and what to do about it.
 *
 * @module
 */

import { SpillwayError } from "../mod.ts";
import type { Listening } from "./listening.ts";

const NO_SUCH_ADDRESS = "this machine has no such address, --host 0.0.0.0 takes all it has";

/** By what the system calls it. */
const OF_ADDRESS: Readonly<Record<string, string>> = {
  EACCES: "this user may not take that port, those from 1024 on are free to all",
  EADDRINUSE: "another program has the port, --port 0 takes a free one",
  EADDRNOTAVAIL: NO_SUCH_ADDRESS,
  // What Deno makes of it for an address that is none of this machine's.
  EINVAL: NO_SUCH_ADDRESS,
  EAI_AGAIN: "no name server answers, --host takes an address, too",
  ENOTFOUND: "there is no such name, --host takes an address of this machine",
};
const OF_PATH: Readonly<Record<string, string>> = {
  EACCES: "this user may not make a file there",
  EADDRINUSE: "there is a file already, remove it if no server uses it",
  ENOENT: "it can't be made there, check its directory",
};

/** Throws the error of a server in the words of the command line, if it is one of where it was to listen. */
export function cannotListen(error: unknown, where: Listening): never {
  const { code = "", syscall } = Object(error) as { code?: string; syscall?: string };
  const { port = 0, hostname = "127.0.0.1", path } = where;
  const whys = path === undefined ? OF_ADDRESS : OF_PATH;
  if (!/^(listen|bind|getaddrinfo)$/.test(syscall ?? "") || !Object.hasOwn(whys, code)) throw error;
  const name = path === undefined ? `${hostname}:${port}` : `unix:${path}`;
  throw new SpillwayError(`cannot listen on ${name}: ${whys[code]}`, { cause: error });
}
