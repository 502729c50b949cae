/** Config files given as text. */
import { assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { configPlan } from "../../cli/config/plan.ts";
import { ConfigError } from "../../cli/config/read.ts";
import { connectFlags, type ConnectPlan } from "../../cli/connect_flags.ts";
import { parseFlags } from "../../cli/usage.ts";
import { inDirectory } from "../spill/harness.ts";

/** A file that is there. */
export const OWN_FILE = fileURLToPath(import.meta.url);

/** As far as it is looked at. */
export const PEM = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n";

/** The plan of a file with this text, and of what stands beside it. */
export async function plan(text: string, ...args: string[]): Promise<ConnectPlan> {
  let made: ConnectPlan | undefined;
  await inDirectory(async (directory) => {
    const file = `${directory}/spillway.jsonc`;
    await Deno.writeTextFile(file, text);
    for (const name of ["pem", "a.ts", "b.ts", "prices.ts"]) {
      await Deno.writeTextFile(`${directory}/${name}`, PEM);
    }
    const { flags, positionals } = parseFlags(["--config", file, ...args], connectFlags);
    made = await configPlan(file, flags, positionals);
  });
  return made!;
}

/** Every problem of a file. */
export async function problems(text: string): Promise<readonly string[]> {
  const error = await assertRejects(() => plan(text), ConfigError);
  return (error as ConfigError).problems;
}
