/**
 * Config files: read, parsed and checked as a whole.
 *
 * @module
 */

import { parse } from "@std/jsonc";
import { readFlagFile } from "../flag_file.ts";
import { UsageError } from "../usage.ts";
import { problemsOf } from "./problems.ts";
import { type Config, configSchema } from "./schema.ts";

/** A config file that can't be meant; the message has a line for everything that is wrong. */
export class ConfigError extends UsageError {
  /** Always `"ConfigError"`. */
  override name = "ConfigError";
  /** What is wrong. */
  readonly problems: readonly string[];

  /** Names the file. */
  constructor(file: string, problems: readonly string[]) {
    super(
      problems.length === 1
        ? `${file}: ${problems[0]}`
        : `${file} has ${problems.length} mistakes:\n${problems.map((p) => `  ${p}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** Reads a config file; throws a {@linkcode ConfigError}, or a `PermissionError` that names the flag. */
export async function readConfig(file: string): Promise<Config> {
  const source = new TextDecoder().decode(await readFlagFile(file, "--config"));
  const { success, data, error } = configSchema.safeParse(parsed(file, source), {
    reportInput: true,
  });
  if (!success) throw new ConfigError(file, problemsOf(error.issues));
  return data;
}

function parsed(file: string, source: string): unknown {
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [, position] = /at position (\d+)/.exec(error.message) ?? [];
    const place = position === undefined ? "" : ` (${placeText(source, Number(position))})`;
    throw new ConfigError(file, [`${error.message}${place}`]);
  }
}

function placeText(source: string, position: number): string {
  const before = source.slice(0, position).split("\n");
  return `line ${before.length}, column ${before[before.length - 1].length + 1}`;
}
