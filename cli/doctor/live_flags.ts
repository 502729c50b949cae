/**
 * Flags of `spillway doctor --live`, and its part of the help.
 *
 * @module
 */

import { type FlagNames, type Flags, textFlag, timeFlag, UsageError } from "../usage.ts";

/** How to watch. */
export interface LiveOptions {
  /** Time from look to look, in milliseconds. */
  intervalMs: number;
  /** Bytes that wait for so long without a read are not read. */
  stallMs: number;
  /** Time after which to end, in milliseconds. */
  forMs: number | undefined;
  /** Time after which how things stand is said again, though nothing has changed. */
  everyMs: number;
  /** JSON lines. */
  json: boolean;
  /** Looks come on standard input. */
  fromInput: boolean;
}

/** The flags there are, beside `--json` and `--help`, which all of `spillway doctor` has. */
export const liveFlags: Required<FlagNames> = {
  string: ["live", "interval", "stall", "for", "every"],
  boolean: [],
  repeated: [],
};

const EVERY_MS = 10_000;
const JSON_EVERY_MS = 1_000;
const INTERVAL_MIN_MS = 10;

/** Makes a plan; `undefined` if the command line does not ask for it. */
export function livePlan(
  flags: Flags,
  positionals: string[],
): { target: string; options: LiveOptions } | undefined {
  const target = textFlag(flags, "live");
  if (target === undefined) {
    const stray = liveFlags.string.find((name) => flags[name] !== undefined);
    if (stray !== undefined) throw new UsageError(`--${stray} goes with --live only`);
    return undefined;
  }
  const [input, ...more] = positionals;
  if (more.length > 0 || (input !== undefined && input !== "-")) {
    throw new UsageError(`--live takes no file but -, got ${positionals.join(" ")}`);
  }
  const intervalMs = timeFlag(flags, "interval") ?? 100;
  if (intervalMs < INTERVAL_MIN_MS) {
    throw new UsageError(`--interval must be at least ${INTERVAL_MIN_MS}ms, got ${intervalMs}ms`);
  }
  const json = flags.json === true;
  return {
    target,
    options: {
      intervalMs,
      stallMs: timeFlag(flags, "stall") ?? 500,
      forMs: timeFlag(flags, "for"),
      everyMs: timeFlag(flags, "every") ?? (json ? JSON_EVERY_MS : EVERY_MS),
      json,
      fromInput: input === "-",
    },
  };
}

/** The lines of the usage. */
export const LIVE_USAGE = `spillway doctor --live HOST:PORT | PID [-] [flags]`;

/** The section of the help. */
export const LIVE_HELP: string = `Watching a running program (Linux; any program's sockets):
  --live HOST:PORT       sockets connected to that server; [::1]:9000, '*:9000' for any host
  --live PID             sockets of that process, in its network namespace
  --interval TIME        time from look to look (100ms)
  --stall TIME           bytes that wait so long without a read are "not read" (500ms)
  --for TIME             end after this, whatever sockets come and go, as of a program that
                         connects again and again; else when the socket is gone, or by Ctrl-C
  --every TIME           say it again though nothing has changed (10s; 1s with --json)
  --json                 an object a line: "change" of state, "state" again, "summary"
  -                      looks come on standard input, from another machine or a file:
                           while sleep 0.1; do cat /proc/uptime /proc/net/tcp /proc/net/tcp6
                           ss -tinme; done | spillway doctor --live 10.0.0.1:9000 -

It says how many bytes wait unread in the socket, and since when nobody has read, before the window
closes and the server has to wait. No look changes anything, or slows the program.

Permissions: --allow-run=cat (HOST:PORT), --allow-run=cat,ls (PID; as its user or root); with ss
too (--allow-run=cat,ss) it is known what came and was read between two looks, how full the receive
buffer is, and who reads. Host names but localhost need --allow-net=NAMESERVER:53; a numeric address
needs none. With - none at all.

Exit codes: 0 it kept up, 1 it did not read (or read less than came, or did not notice that the
server has closed), or no such socket is there, 2 wrong command line, 3 a permission is missing; the
message names the flag, 130 interrupted (143 when by SIGTERM, 129 by SIGHUP)
`;
