/** `spillway doctor --live` and nothing else of the doctor. */
import { live } from "../../../../cli/doctor/live.ts";
import { LIVE_HELP, liveFlags, livePlan } from "../../../../cli/doctor/live_flags.ts";
import { parseFlags, UsageError } from "../../../../cli/usage.ts";

async function main(args: string[]): Promise<number> {
  try {
    const names = { string: liveFlags.string, boolean: [...liveFlags.boolean, "json", "help"] };
    const { flags, positionals } = parseFlags(args, names);
    if (flags.help) {
      console.log(LIVE_HELP);
      return 0;
    }
    const plan = livePlan(flags, positionals);
    if (plan === undefined) throw new UsageError("--live is what this program is for");
    return await live(plan.target, plan.options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`spillway doctor: ${error.message}`);
    return 2;
  }
}

Deno.exit(await main(Deno.args));
