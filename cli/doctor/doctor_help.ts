/**
 * The help of `spillway doctor`.
 *
 * @module
 */

import { LIVE_HELP, LIVE_USAGE } from "./live_flags.ts";

/** What `spillway doctor --help` prints. */
export const DOCTOR_HELP: string = `spillway doctor: say why connections died, from a packet capture

Usage: spillway doctor FILE… | - [flags]
       ${LIVE_USAGE}

  spillway doctor feed.pcap
  spillway doctor feed.pcap --filter 10.0.0.1:9000 --html feed.html
  tcpdump -s 128 -w - tcp port 9000 | spillway doctor -
  spillway doctor *.pcapng --json
  spillway doctor --live 10.0.0.1:9000

Reads pcap and pcapng, plain or compressed with gzip; what tcpdump -w and Wireshark write. 128 bytes
of each packet are enough (tcpdump -s 128); with fewer, options or even windows are lost. A capture
made at the client or at the server will do; it should begin before the connection does. From
standard input, the report comes when the capture ends; Ctrl-C ends it.

Flags:
  --filter END           only connections with an end there: an address, :PORT, or 10.0.0.1:9000
  --html FILE            write a page too, with a plot to zoom into; it needs no network
  --all                  every connection in full, not only the worst one
  --json                 one JSON object for each capture, with everything that is known
  --help                 this text

Permissions: --allow-read=FILE; --html needs --allow-write=FILE; standard input needs none.

Exit codes, of captures:
  0    nothing is wrong with any connection
  1    something is wrong with one
  2    wrong command line
  3    a permission is missing; the message names the flag
  4    a capture can't be read, or is none, or output could not be written
  5    nothing is known to be wrong, but of some connections it can't be told
  130  interrupted (143 by SIGTERM, 129 by SIGHUP)

${LIVE_HELP}`;
