/**
 * Looks at the sockets of a machine, one text behind the other: the tables of `/proc/net/tcp` and
 * `tcp6`, the listing of `ss -tinme`, lines of `/proc/PID/stat`, and when it was, in any order.
 *
 * @module
 */

import { parseProcessStat, type ProcessStat, STAT_LINE } from "./process_stat.ts";
import {
  parseProcNetTcp,
  type ProcNetOptions,
  SocketTextError,
  TCP6_HEADER,
  TCP_HEADER,
} from "./proc_net_tcp.ts";
import type { Malformed, TcpSocket } from "./socket.ts";
import { parseSs, SS_HEADER, type SsSocket } from "./ss.ts";

/** What is to be seen at one moment. */
export interface Look {
  /** When, in milliseconds from any beginning. */
  atMs: number;
  /** When, in milliseconds since 1970, if that is known. */
  wallMs: number | undefined;
  /** Sockets of the tables. */
  sockets: TcpSocket[];
  /** Sockets of the listing. */
  details: SsSocket[];
  /** Processes. */
  processes: ProcessStat[];
  /** The first lines that could not be read. */
  malformed: Malformed[];
  /** How many there were. */
  malformedLines: number;
}

type Kind = "tcp" | "tcp6" | "ss";

/** The text of one look. */
export interface LookText {
  /** See {@linkcode Look}. */
  atMs: number;
  /** See {@linkcode Look}. */
  wallMs: number | undefined;
  /** Its tables, each with the number of its first line in the whole. */
  tables: { kind: Kind; firstLine: number; lines: string[] }[];
  /** Processes. */
  processes: ProcessStat[];
}

const HEADERS: readonly [RegExp, Kind][] = [
  [TCP_HEADER, "tcp"],
  [TCP6_HEADER, "tcp6"],
  [SS_HEADER, "ss"],
];
/** `date +%s.%N`. */
const EPOCH = /^\d{10}(?:\.\d+)?$/;
/** `/proc/uptime`. */
const UPTIME = /^\d+\.\d+ \d+\.\d+$/;
/** A million sockets; a text without end must not take all memory. */
const CHARS_MAX = 256 * 1024 * 1024;

/** Parts looks in a text that comes line by line. */
export class LookSplitter {
  /** Lines that belong to no table. */
  strayLines = 0;
  #look: LookText | undefined;
  #chars = 0;
  #lines = 0;

  /** Takes a line that came at `nowMs` (and `wallMs`); gives the look before it if it begins another. */
  line(line: string, nowMs: number, wallMs?: number): LookText | undefined {
    this.#lines++;
    this.#chars += line.length;
    if (this.#chars > CHARS_MAX) {
      throw new SocketTextError(this.#lines, "a header that begins another look", line);
    }
    const table = this.#look?.tables.at(-1);
    const time = timeOf(line);
    const kind = HEADERS.find(([header]) => header.test(`${line} `))?.[1];
    if (time !== undefined) return this.#begin(time.atMs, time.wallMs);
    if (kind !== undefined) {
      const again = this.#look?.tables.some((other) => other.kind === kind) ?? true;
      const before = again ? this.#begin(nowMs, wallMs) : undefined;
      this.#look?.tables.push({ kind, firstLine: this.#lines, lines: [line] });
      return before;
    }
    const process = STAT_LINE.test(line) ? parseProcessStat(line) : undefined;
    if (process !== undefined) {
      const before = this.#look === undefined || table !== undefined
        ? this.#begin(nowMs, wallMs)
        : undefined;
      this.#look?.processes.push(process);
      return before;
    }
    if (table !== undefined) table.lines.push(line);
    else if (line.trim() !== "") this.strayLines++;
  }

  /** Gives the last look. */
  end(): LookText | undefined {
    return this.#begin(0, undefined);
  }

  #begin(atMs: number, wallMs: number | undefined): LookText | undefined {
    const before = this.#look;
    this.#look = { atMs, wallMs, tables: [], processes: [] };
    this.#chars = 0;
    return before === undefined || before.tables.length === 0 ? undefined : before;
  }
}

/** Reads the text of a look. */
export function parseLook(text: LookText, options: ProcNetOptions = {}): Look {
  const { atMs, wallMs, processes } = text;
  const look: Look = {
    ...{ atMs, wallMs, sockets: [], details: [], processes },
    ...{ malformed: [], malformedLines: 0 },
  };
  for (const { kind, firstLine, lines } of text.tables) {
    const content = lines.join("\n");
    const table = kind === "ss"
      ? parseSs(content, firstLine)
      : parseProcNetTcp(content, { ...options, firstLine });
    if (kind === "ss") look.details.push(...table.sockets as SsSocket[]);
    else look.sockets.push(...table.sockets);
    look.malformed.push(...table.malformed);
    look.malformedLines += table.malformedLines;
  }
  return look;
}

function timeOf(line: string): { atMs: number; wallMs: number | undefined } | undefined {
  const atMs = Math.round(parseFloat(line) * 1000);
  if (EPOCH.test(line)) return { atMs, wallMs: atMs };
  return UPTIME.test(line) ? { atMs, wallMs: undefined } : undefined;
}
