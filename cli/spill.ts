/**
 * `spillway spill`: spill directories on the command line.
 *
 * @module
 */

import { verifySpill } from "../src/spill/inspect.ts";
import { repairSpill } from "../src/spill/repair.ts";
import { refuse } from "./refusal.ts";
import { checkSpill } from "./spill_directory.ts";
import { dump } from "./spill_dump.ts";
import { SPILL_HELP } from "./spill_help.ts";
import { repairText, verifyText } from "./spill_report.ts";
import { closest } from "./suggest.ts";
import { type Flags, integerFlag, parseFlags, UsageError } from "./usage.ts";

const FLAGS = { string: ["first", "last"], boolean: ["json", "raw", "help"] };
const DUMP_FLAGS = ["first", "last", "raw"];

type Action = (directory: string, flags: Flags) => Promise<number>;

const ACTIONS: Readonly<Record<string, Action>> = {
  verify: async (directory, flags) => {
    await checkSpill(directory, "read");
    const report = await verifySpill(directory);
    console.log(flags.json ? JSON.stringify(report) : verifyText(report));
    return report.findingsTotal === 0 ? 0 : 1;
  },
  repair: async (directory, flags) => {
    await checkSpill(directory, "read and write");
    const report = await repairSpill(directory);
    console.log(flags.json ? JSON.stringify(report) : repairText(report));
    return 0;
  },
  dump: async (directory, flags) => {
    if (flags.json && flags.raw) throw new UsageError("--json does not go with --raw");
    const first = integerFlag(flags, "first", { min: 1 }) ?? 1;
    const last = integerFlag(flags, "last", { min: first }) ?? Infinity;
    const format = flags.raw ? "raw" : flags.json ? "json" : "text";
    await checkSpill(directory, "read");
    return await dump({ directory, first, last, format }) ? 0 : 1;
  },
};

/** Runs `spillway spill` with its arguments and gives the exit code. */
export async function spill(args: string[]): Promise<number> {
  try {
    const { flags, positionals } = parseFlags(args, FLAGS);
    if (flags.help) {
      console.log(SPILL_HELP);
      return 0;
    }
    const [name, directory, ...more] = positionals;
    const action = actionOf(name);
    if (directory === undefined || directory === "" || more.length > 0) {
      throw new UsageError(`spill ${name} takes one directory, got ${positionals.length - 1}`);
    }
    const stray = DUMP_FLAGS.find((flag) => name !== "dump" && flags[flag]);
    if (stray !== undefined) throw new UsageError(`--${stray} goes with spill dump only`);
    return await action(directory, flags);
  } catch (error) {
    return refuse("spill", args, error);
  }
}

function actionOf(name: string | undefined): Action {
  const names = Object.keys(ACTIONS);
  if (name === undefined) throw new UsageError(`expected ${names.join(", ")}, see --help`);
  if (Object.hasOwn(ACTIONS, name)) return ACTIONS[name];
  const likely = closest(name, names);
  const advice = likely === undefined
    ? `it must be one of ${names.join(", ")}`
    : `did you mean ${likely}?`;
  throw new UsageError(`unknown action ${name}, ${advice}`);
}
