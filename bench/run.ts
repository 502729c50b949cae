/**
 * Measures Spillway and its peers against the same server and prints a report.
 *
 *     deno task bench [--rounds N] [--seconds S] [--only NAME,…] [--case 16,64,1024,line,latency]
 *                     [--smoke] [--json FILE] [--out FILE]
 *
 * Fails only if a client failed or counted wrongly; targets are reported, not enforced.
 */
import { parseArgs } from "node:util";
import { buildAll, SERVER } from "./lib/builds.ts";
import { CASES, LATENCY } from "./lib/cases.ts";
import { describeMachine } from "./lib/machine.ts";
import { positive, publish } from "./lib/output.ts";
import { type Peer, PEERS, whyAbsent } from "./lib/peers.ts";
import { renderReport, type ReportInput } from "./lib/report.ts";
import { runPlan } from "./lib/rounds.ts";
import { Summaries } from "./lib/summary.ts";
import { judgeTargets } from "./lib/targets.ts";

interface Options {
  rounds: number;
  seconds: number;
  only: string[];
  cases: string[];
  smoke: boolean;
  json?: string;
  out?: string;
}

/** The names asked for, each of which must be known; all of them if none was. */
function choose(asked: string | undefined, known: string[]): string[] {
  const names = asked?.split(",") ?? known;
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new TypeError(`expected one of ${known.join(", ")}, got ${stranger}`);
  }
  return names;
}

function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "1.5" },
      only: { type: "string" },
      case: { type: "string" },
      smoke: { type: "boolean", default: false },
      json: { type: "string" },
      out: { type: "string" },
    },
  });
  return {
    rounds: values.smoke ? 1 : positive("rounds", values.rounds),
    seconds: positive("seconds", values.seconds),
    only: choose(values.only, PEERS.map((peer) => peer.name)),
    cases: choose(values.case, [...CASES, LATENCY].map((test) => test.name)),
    smoke: values.smoke,
    json: values.json,
    out: values.out,
  };
}

async function findAbsent(peers: readonly Peer[]): Promise<{ name: string; why: string }[]> {
  const absent = [];
  for (const peer of peers) {
    const why = await whyAbsent(peer);
    if (why !== undefined) absent.push({ name: peer.name, why });
  }
  return absent;
}

/** Builds the server, without which nothing can be measured, and the peers that can be built. */
async function prepare(log: (line: string) => void): Promise<void> {
  log("building the server and the peers");
  for (const { name, skipped } of await buildAll()) {
    if (skipped === undefined) continue;
    if (name === SERVER) throw new Error(`the push server can't be built: ${skipped}`);
    log(`skipped building ${name}: ${skipped}`);
  }
}

async function main(options: Options): Promise<boolean> {
  const log = (line: string) => console.error(line);
  await prepare(log);
  const chosen = PEERS.filter((peer) => options.only.includes(peer.name));
  const absent = await findAbsent(chosen);
  for (const { name, why } of absent) log(`skipped ${name}: ${why}`);
  const peers = chosen.filter((peer) => !absent.some(({ name }) => name === peer.name));
  const cases = CASES.filter((test) => options.cases.includes(test.name));
  const latency = options.cases.includes(LATENCY.name);
  const { rounds, seconds, smoke } = options;
  const results = await runPlan({ peers, cases, latency, rounds, seconds, smoke, log });
  const summaries = new Summaries(results.samples);
  const machine = await describeMachine();
  const input: ReportInput = {
    machine,
    cases,
    peers,
    absent,
    scale: smoke
      ? "A smoke run of a few frames: it checks the sums, its figures mean nothing."
      : `Medians of ${rounds} interleaved rounds of about ${seconds} s.`,
    summaries,
    verdicts: smoke ? [] : judgeTargets(summaries),
    failures: results.failures,
  };
  const report = renderReport(input);
  await publish(options, report, { machine, ...results });
  return results.failures.length === 0;
}

if (import.meta.main) {
  if (!await main(parseOptions(Deno.args))) Deno.exit(1);
}
