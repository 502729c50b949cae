import { parseArgs } from "node:util";
import type { Machine } from "./machine.ts";

/** What the smaller benchmarks take on their command line. */
export interface OutputOptions {
  /** A run that shows that it works, and whose figures mean nothing. */
  smoke: boolean;
  /** Files to write the report and its data to. */
  out?: string;
  json?: string;
}

/**
 * Reads `--smoke`, `--out FILE`, `--json FILE`, and `--name VALUE` for each of
 * `numbers` and `texts`, which hold the defaults.
 */
export function parseOptions<
  N extends Record<string, number>,
  T extends Record<string, string> = Record<never, string>,
>(args: string[], numbers: N, texts: T = {} as T): OutputOptions & { numbers: N; texts: T } {
  const named = Object.entries({ ...numbers, ...texts }).map(([name, value]) =>
    [name, { type: "string", default: String(value) }] as const
  );
  const { values } = parseArgs({
    args,
    options: {
      smoke: { type: "boolean", default: false },
      out: { type: "string" },
      json: { type: "string" },
      ...Object.fromEntries(named),
    },
  });
  const given: Record<string, string | boolean | undefined> = values;
  const read = (name: string) => String(given[name]);
  const { smoke, out, json } = values;
  return {
    smoke,
    out,
    json,
    numbers: Object.fromEntries(
      Object.keys(numbers).map((name) => [name, positive(name, read(name))]),
    ) as N,
    texts: Object.fromEntries(Object.keys(texts).map((name) => [name, read(name)])) as T,
  };
}

/** A number of the command line that must be above 0. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new RangeError(`expected --${name} above 0, got ${text}`);
  return value;
}

/** Prints the report, and writes it and its data where that was asked for. */
export async function publish(
  options: OutputOptions,
  report: string,
  data: unknown,
): Promise<void> {
  console.log(report);
  if (options.out) await Deno.writeTextFile(options.out, report);
  if (options.json) await Deno.writeTextFile(options.json, JSON.stringify(data, null, 2) + "\n");
}

/** Where figures come from whose peers are Deno alone, in a sentence. */
export function place({ date, cpu, cores, kernel, versions }: Machine): string {
  const deno = versions.find(([name]) => name === "Deno")?.[1];
  return `${date}, ${cpu}, ${cores} cores, ${kernel}, Deno ${deno}.`;
}
