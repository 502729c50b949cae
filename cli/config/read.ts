/**
 * Config files: read, parsed and checked as a whole.
 *
 * @module
 */

import { parse } from "@std/jsonc";
import { readFlagFile } from "../flag_file.ts";
import { UsageError } from "../usage.ts";
import { positionText } from "./position.ts";
import { placed, problem } from "./problems.ts";
import { repeatedKeys } from "./repeated_keys.ts";
import { configSchema } from "./schema.ts";
import { understand, type Understood } from "./understood.ts";

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

/** What a file says, and what is wrong with it by itself. */
export interface ReadConfig {
  /** All of it that can be understood: the whole of it if nothing is wrong. */
  understood: Understood;
  /** A line for each mistake. */
  problems: string[];
}

/**
 * Reads a config file; throws a {@linkcode ConfigError} for one that is no JSON,
 * or a `PermissionError` that names the flag.
 */
export async function readConfig(file: string): Promise<ReadConfig> {
  const source = new TextDecoder().decode(await readFlagFile(file, "--config"));
  const value = parsed(file, source);
  const { error } = configSchema.safeParse(value, { reportInput: true });
  const mistakes = placed(error?.issues ?? []);
  return {
    understood: understand(value),
    problems: [
      ...repeatedKeys(source),
      ...mistakes.map(({ path, sentence }) => problem(path, sentence)),
    ],
  };
}

function parsed(file: string, source: string): unknown {
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [, named] = /at position (\d+)/.exec(error.message) ?? [];
    const position = named ?? (/\bend of\b/.test(error.message) ? source.length : undefined);
    const place = position === undefined ? "" : ` (${positionText(source, Number(position))})`;
    throw new ConfigError(file, [`${error.message}${place}`]);
  }
}
