import type { Machine } from "../lib/machine.ts";
import { place } from "../lib/output.ts";
import type { ServerReport } from "../lib/server.ts";
import { digits, median } from "../lib/stats.ts";
import { table } from "../lib/table.ts";
import type { SpillRun } from "./client.ts";
import type { DiskRates } from "./disk.ts";

/** One round, in bytes a second. */
export interface Throughput {
  disk: DiskRates;
  /** To disk, the handler standing still. */
  spill: number;
  /** And back. */
  restore: number;
  /** Through a journal, from the first byte to the last frame handled. */
  journal: number;
}

/** What a paced server and a client that stood still said. */
export interface Burst {
  name: string;
  /** Of the rate that the disk keeps up, synced. */
  share: number;
  /** Bytes a second. */
  pace: number;
  seconds: number;
  client: SpillRun;
  server: ServerReport;
}

const TARGET = 0.7;

/** The report of a run. */
export function renderSpill(
  rounds: readonly Throughput[],
  bursts: readonly Burst[],
  machine: Machine,
  smoke: boolean,
): string {
  const against = (rate: keyof DiskRates) =>
    median(rounds.map(({ spill, disk }) => spill / disk[rate]));
  const ratio = against("sequential");
  const judged = ratio >= TARGET ? "reached" : "missed";
  return [
    "# Spilling",
    "",
    place(machine),
    "",
    `Medians of ${rounds.length} interleaved rounds, 64-byte frames. The disk's rates are those of a file written from front to back in pieces of 1 MiB.`,
    "",
    table([["", "MB/s", "lowest–highest"], ...rates(rounds)]),
    "",
    table([
      ["target", "measured", ""],
      [
        `spill ≥ ${TARGET} × the disk's sequential write`,
        ratio.toFixed(2),
        smoke ? "not judged by a smoke run" : judged,
      ],
      ["the same, the disk synced every 64 MiB as a spill is", against("synced").toFixed(2), ""],
    ]),
    "",
    "## Bursts",
    "",
    `The server sends for ${
      digits(bursts[0].seconds)
    } s at a share of the rate that the disk kept up for as long, synced every 64 MiB; the handler stands still for the most of it. All frames are accounted for: handled, or dropped and counted.`,
    "",
    table([
      [
        "",
        "MB/s",
        "× disk",
        "server blocked ms",
        "memory full after ms",
        "first drop after ms",
        "frames dropped",
      ],
      ...bursts.map(burstRow),
    ]),
    "",
  ].join("\n");
}

function rates(rounds: readonly Throughput[]): string[][] {
  const named: [string, (round: Throughput) => number][] = [
    ["disk, synced once at the end", ({ disk }) => disk.sequential],
    ["disk, synced every 64 MiB", ({ disk }) => disk.synced],
    ["spilled, handler standing still", ({ spill }) => spill],
    ["read back and handled", ({ restore }) => restore],
    ["through a journal, synced every 100 ms", ({ journal }) => journal],
  ];
  return named.map(([name, of]) => {
    const values = rounds.map(of).map((rate) => rate / 1e6);
    const range = `${digits(Math.min(...values))}–${digits(Math.max(...values))}`;
    return [name, digits(median(values)), range];
  });
}

function burstRow({ name, share, pace, client, server }: Burst): string[] {
  const { pausedAtMs, droppedAtMs, framesDropped } = client;
  const at = (ms: number | undefined) => ms === undefined ? "never" : digits(ms);
  return [
    name,
    digits(pace / 1e6),
    String(share),
    digits(server.blocked_ms ?? NaN),
    at(pausedAtMs),
    at(droppedAtMs),
    String(framesDropped),
  ];
}
