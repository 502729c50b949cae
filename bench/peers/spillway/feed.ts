/** What both Spillway clients of one isolate share. */
import { type Column, connect, type Framing } from "../../../mod.ts";
import { type Job, parseJob } from "../deno/meter.ts";
import { metered, type Sum } from "./metered.ts";

/** How the server of `job` frames. */
export function framingOf(job: Job): Framing {
  return job.line ? { type: "lines" } : { type: "length_field", initialBytesToStrip: 4 };
}

/** Runs the job of the command line with `columns` declared. */
export async function feed<const C extends readonly Column[]>(
  columns: C,
  sumOf: Sum<C>,
): Promise<void> {
  const job = parseJob(Deno.args);
  const { hostname, port } = job;
  await using client = await connect({ hostname, port }, { framing: framingOf(job), columns });
  await client.run(metered(job, sumOf));
}
