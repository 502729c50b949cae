/**
 * The help of `spillway replay`.
 *
 * @module
 */

import { framingHelp } from "./framing_flags.ts";

/** What `spillway replay --help` prints. */
export const REPLAY_HELP: string = `spillway replay: a recording again, as if it came from the wire

Usage: spillway replay DIR [flags]
       spillway replay DIR --serve [flags]

  spillway replay /var/spool/ticks --framing lines --speed flat-out --count
  spillway replay /var/spool/ticks --framing lines --handler sum.ts --speed 10
  spillway replay /var/spool/ticks --from 90s --to 2m --epochs 3 --framing raw --hex
  spillway replay /var/spool/ticks --serve --port 9000 --max-queue 4MiB

Recorded connections stay apart: the end of one ends the client's, and the next is another. Where
records are damaged or missing, a connection ends, and another begins behind the hole.

What of it:
  --speed N              1 as it came, 2 twice as fast, flat-out as fast as it is taken (1)
  --from TIME --to TIME  this long behind the recording's first chunk; may be inside a frame
  --epochs N or M-N      connections, by their numbers in the recording; M- is up to the last

What is put out on standard output (default: a frame a line, unprintable bytes as \\x1b):
  --json --raw --hex --count --handler FILE --column NAME:TYPE@OFFSET[:little]
  --buffer SIZE --when-full WORD --spill DIR --spill-max SIZE --durable --limit N --duration TIME
  --partition HOW --isolation WHERE --grant NAME:RIGHT=VALUE --memory-limit SIZE
  --batch-timeout TIME --deno PATH --on-failure WHAT --dead-letter DIR --budget TIME
  --set NAME.KEY=VALUE --watch --stop-timeout TIME    as of spillway connect

${framingHelp("lines")}
Serving it to others (no framing needed; the recording is held in memory, at most 1 GiB of it):
  --serve                each client gets a recorded connection: the first one the first, and so on;
                         the server ends behind the last
  --loop                 then the first again, without end
  --port N               port to listen on (0, a free one)
  --host ADDRESS         address to listen on (127.0.0.1)
  --unix PATH            listen on a unix socket instead
  --max-queue BYTES      cut off who is further behind than this; not with --speed flat-out
  --no-progress TIME     cut off who takes nothing (in steps of 64 KiB) for this long
  --cut HOW              rst (default; not on a unix socket), or fin

Output:
  --json                 events and the summary as JSON, and frames too if nothing else is said of them
  --help                 this text

Permissions: --allow-read=DIR; what your handler needs; with --serve --allow-net=HOST:PORT, or for
a unix socket --allow-net=unix:PATH, its path absolute, and --allow-read=PATH --allow-write=PATH.

Exit codes:
  0    all was replayed, --limit or --duration was reached, or standard output was closed
  1    records are damaged or missing, or the framing does not fit them, or the directory could not
       be read, or not listened
  2    wrong command line
  3    a permission is missing; the message names the flag
  4    the handler failed, or standard output could not be written
  130  interrupted (143 when by SIGTERM, 129 when by SIGHUP)
`;
