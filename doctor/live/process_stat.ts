/**
 * `/proc/PID/stat`, as text: what a process that does not read does instead.
 *
 * @module
 */

/** What a process does. */
export interface ProcessStat {
  /** Its number. */
  pid: number;
  /** Its name, up to 15 characters. */
  name: string;
  /** The kernel's letter: R runs, S sleeps, D waits for a disk, T and t are stopped, Z is dead. */
  state: string;
  /** Time its threads have computed, in milliseconds. */
  cpuMs: number;
}

/** How such a line begins. */
export const STAT_LINE = /^\d+ \(/;

/** The unit of times, in milliseconds: user space is told hundredths everywhere. */
const TICK_MS = 10;
/** Where the fields are, counted behind the name. */
const STATE = 0;
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** Reads the line; `undefined` if it is none. */
export function parseProcessStat(line: string): ProcessStat | undefined {
  // A name may hold any character, brackets too.
  const [, pid, name, rest] = /^(\d+) \((.*)\) (\S.*)$/s.exec(line.trim()) ?? [];
  const fields = rest?.split(" ") ?? [];
  const ticks = Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]);
  if (!/^[A-Za-z]$/.test(fields[STATE] ?? "") || !Number.isFinite(ticks)) return undefined;
  return { pid: Number(pid), name, state: fields[STATE], cpuMs: ticks * TICK_MS };
}
