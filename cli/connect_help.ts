/**
 * The help of `spillway connect`, and what other commands have of it.
 *
 * @module
 */

import { framingHelp } from "./framing_flags.ts";
import { HANDLER_HELP } from "./handlers/help.ts";

/** Flags of the connection, for every command that makes one. */
export const CONNECTION_HELP: string = `What is sent:
  --send TEXT            sent first on every connection; repeatable
  --send-file FILE       the same, from a file
  --respond MATCH=SEND   answer each frame that equals MATCH; repeatable; \\x3d is a = in MATCH
  --heartbeat TIME:TEXT  sent at this interval, as 30s:PING\\n
                         In all three \\n \\r \\t \\0 \\\\ and \\x1f stand for one byte

The connection:
  --connect-timeout TIME give up an attempt after this time (10s)
  --idle-timeout TIME    end when no byte came for this long (never)
  --reconnect            come back after an end, also when the first attempt fails; but not when a
                         handler or a recording failed, or a permission is missing
  --max-attempts N       with --reconnect: give up after N further attempts in a row, behind the one
                         that failed or the connection that ended
  --ca FILE              tls: trust these certificates (PEM) too
  --cert FILE --key FILE tls: client certificate and its key (PEM)
  --alpn NAME            tls: protocol offered; repeatable
  --server-name NAME     tls: name the certificate must have (the host)
`;

/** What `spillway connect --help` prints. */
export const CONNECT_HELP: string =
  `spillway connect: connect to a feed and put its frames out, count them or hand them to your code

Usage: spillway connect HOST:PORT | tls://HOST:PORT | unix:PATH [flags]
       spillway connect --config FILE [--json] [--limit N] [--duration TIME]

  spillway connect localhost:9000
  spillway connect localhost:9000 --framing length_field --initial-bytes-to-strip 4 --json \\
    --column price:u32@0 --column size:u16@4:little
  spillway connect tls://feed.example:9443 --ca ca.pem --send 'SUBSCRIBE ticks\\n' --reconnect
  spillway connect localhost:4222 --framing nats --respond 'PING\\r\\n=PONG\\r\\n' --raw > feed.nats
  spillway connect localhost:9000 --handler sum.ts --duration 1m
  spillway connect localhost:9000 --handler prices.ts --handler audit.ts --isolation process \\
    --grant audit:write=audit.log --on-failure skip --dead-letter dead
  spillway connect localhost:9000 --framing length_field --column symbol:u32@4 \\
    --handler a=prices.ts --handler b=prices.ts --partition key:symbol
  spillway connect localhost:9000 --handler prices.ts --watch

  --config FILE          all of this from a file in JSON with comments, for long-lived use, as
                         { "target": "localhost:9000", "handlers": { "sum": { "file": "sum.ts" } } };
                         docs/config.md lists every key

What is put out on standard output (default: a frame a line, unprintable bytes as \\x1b):
  --json                 a JSON object a line: epoch, offset, length, text (or base64 if it is not
                         UTF-8), columns. Goes with the four below too: then only what is said on
                         standard error is JSON. What handlers print themselves stays as it is: in a
                         process all of it goes there, so take the lines that begin with {
  --raw                  frames as they are, with nothing in between
  --hex                  a frame a line, in hex
  --count                nothing but the closing table
  --handler FILE         what your module prints: export default { batch(batch) { … } }, and
                         open() and close() if it likes; more of it below
  --column NAME:TYPE@OFFSET[:little]
                         a field of every frame, for --json and --handler; 64 of them at most. TYPE
                         is u8 i8 u16 i16 u32 i32 f32 f64 u64 i64 (JSON has the last two as text)

${HANDLER_HELP}
${CONNECTION_HELP}  --buffer SIZE          memory for what is received and not put out yet (16 slabs: 4 MiB or more)
  --when-full WORD       and when that is full: block (pause reading; the server may cut you off),
                         drop_oldest or drop_newest (what was dropped is counted) (block)
  --spill DIR            or: write to files in DIR and go on reading; needs
                         --allow-read=DIR --allow-write=DIR. Several handlers, and one
                         that has a name, have DIR/NAME. What is there survives a kill -9, but at an
                         end in order (Ctrl-C, --limit, --duration) it is dropped and counted, unless
                         an earlier run's still waits before it: --durable keeps it
  --durable              with --spill: write every frame there before it is put out, and after a
                         restart go on with what was not (at least once)
  --spill-max SIZE       with --spill: bytes it may take, 64MiB or more (as much as the disk has)

When to end (default: when the server does):
  --limit N              after N frames; a handler may see the rest of their batch, and several
                         end when each has had N, or with another --partition all together
  --duration TIME        this long after the first connection
                         Interrupting (Ctrl-C, or a terminal that closes) ends in order, Ctrl-C
                         twice at once
  --stop-timeout TIME    how long, behind an interrupt or --duration, batches at hand (of a worker
                         all that it was handed, up to four) and handlers that are being started
                         may take (8s); what is not finished then is told, and exits with 4, or the
                         signal's code.
                         Neither of these, nor Ctrl-C, ends a handler of this process that computes
                         without end: --isolation worker or process does

${framingHelp("lines")}
On standard error: what happens to the connection and why, a status line if it is a terminal, and a
closing summary. When standard output is closed, as by head, it ends without a word: not with
--handler, since what a handler prints itself into a closed pipe nobody is told of; use --limit.

Permissions: --allow-net=HOST:PORT; for a unix socket --allow-net=unix:PATH, its path absolute, and
--allow-read=PATH --allow-write=PATH; --allow-read=FILE for flags that name a file; what your
handler needs.

Exit codes:
  0    the server closed, but not inside a frame, --limit or --duration was reached, or standard output
       was closed
  1    never connected, or disconnected by an error, or inside a frame; or a directory of --spill or
       --dead-letter can't be used
  2    wrong command line
  3    a permission is missing; the message names the flag
  4    the handler failed, standard output could not be written, or with --durable the disk did not take
       all of the frames
  130  interrupted (143 when by SIGTERM, 129 when by SIGHUP)
`;
