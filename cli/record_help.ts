/**
 * The help of `spillway record`.
 *
 * @module
 */

import { CONNECTION_HELP } from "./connect_help.ts";
import { framingHelp } from "./framing_flags.ts";

/** What `spillway record --help` prints. */
export const RECORD_HELP: string =
  `spillway record: write what a feed sends to a directory, byte for byte, with the times

Usage: spillway record HOST:PORT | tls://HOST:PORT | unix:PATH --dir DIR [flags]

  spillway record localhost:9000 --dir /var/spool/ticks
  spillway record localhost:9000 --dir ticks --reconnect --idle-timeout 15s --max 20GiB
  spillway record localhost:4222 --dir ticks --send 'SUB ticks 1\\r\\n' \\
    --framing nats --respond 'PING\\r\\n=PONG\\r\\n'
  spillway replay ticks --framing lines

Where to:
  --dir DIR              made if it is not there; a recording in it is continued
  --segment SIZE         begin another file after this, 4KiB to 4GiB (64MiB)
  --max SIZE             end before the directory holds more than this, --segment at least (the
                         disk's size)

How:
  --buffer SIZE          memory that bridges the disk's pauses, allocated at once, 512KiB at least
                         (16MiB)
  --when-behind WORD     and when that is full: pause (reading waits for the disk; the server may cut
                         you off) or stop (the recording ends) (pause)
  --sync-every TIME      bring what was written onto the disk at this interval, by fsync (100ms)

When to end (default: when the server does):
  --duration TIME        this long after the first connection
                         Interrupting (Ctrl-C, or a terminal that closes) ends in order: nothing
                         more is read, what was read is written and synced. Ctrl-C twice ends at once

${CONNECTION_HELP}
No framing is needed (raw), but for --respond, which compares frames. Input that does not fit the
framing is recorded, and ends the connection unless --on-invalid skip is given.

${framingHelp("raw")}
Output:
  --json                 events and the summary as JSON, a line each
  --help                 this text
On standard error: what happens, and a status line if it is a terminal. On standard output: how much
was recorded.

Permissions: --allow-net=HOST:PORT --allow-read=DIR --allow-write=DIR; for a unix socket
--allow-net=unix:PATH and read and write of PATH; --allow-read=FILE for flags that name a file.

Exit codes:
  0    the server closed, or --duration was reached
  1    never connected, or disconnected by an error; or the directory could not be opened
  2    wrong command line
  3    a permission is missing; the message names the flag
  4    the recording ended before the feed: the disk refused, --max was reached, or --when-behind stop;
       or standard output could not be written
  130  interrupted (143 when by SIGTERM, 129 when by SIGHUP)
`;
