/**
 * The help of `spillway spill`.
 *
 * @module
 */

/** What `spillway spill --help` prints. */
export const SPILL_HELP: string = `spillway spill: look into a spill directory, verify it, repair it

Usage: spillway spill verify | repair | dump DIR [flags]

  spillway spill verify /var/spool/ticks
  spillway spill repair /var/spool/ticks --json
  spillway spill dump /var/spool/ticks --first 1200 --last 1300
  spillway spill dump /var/spool/ticks --raw > ticks.bin

verify  reads everything and checks every checksum; changes nothing, and says how many frames come
        again at the next start. Of a directory in use, the newest segment may look torn while a
        record is being written
repair  cuts the torn tail of the newest segment, sets aside what can't be read, and writes segments
        with damage in the middle anew; the damaged file stays, as NAME.bad. Not while it is in use
dump    a record a line: its sequence, connection, offset in the stream, time, kind, frames, bytes

Flags:
  --json                 verify and repair: one JSON object; dump: one for each record
  --raw                  dump: the bytes of the stream in the records, with nothing in between
  --first N --last N     dump: records with these sequences and between, default all
  --help                 this text

Permissions: --allow-read=DIR; repair needs --allow-write=DIR too.

Exit codes:
  0    nothing is wrong, or it was repaired
  1    verify or dump found damage, or nothing of a spill is in the directory, or it could not be
       read or repaired
  2    wrong command line
  3    a permission is missing; the message names the flag
  4    standard output could not be written
`;
