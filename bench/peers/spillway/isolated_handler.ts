/** What runs in the handler's worker. */
import { parseJob } from "../deno/meter.ts";
import { metered } from "./metered.ts";
import { sumOfField } from "./sum.ts";

export default metered(parseJob(Deno.args), sumOfField);
