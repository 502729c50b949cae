/**
 * `spillway doctor`: why connections died, from a packet capture; or whether a
 * running program reads.
 *
 * @module
 */

import { diagnose, type DoctorReport } from "../doctor/mod.ts";
import { CaptureFile, InputError } from "./doctor/capture_file.ts";
import {
  doctorFlags,
  type DoctorPlan,
  doctorPlan,
  refuseCaptureFlags,
} from "./doctor/doctor_flags.ts";
import { livePlan } from "./doctor/live_flags.ts";
import { DOCTOR_HELP } from "./doctor/doctor_help.ts";
import { findingsCode } from "./doctor/findings_code.ts";
import { Progress } from "./doctor/progress.ts";
import { ReportOutput } from "./doctor/report_output.ts";
import { INTERRUPT_CODES } from "./exit_code.ts";
import { inFlags } from "./in_flags.ts";
import { type Interrupt, onInterrupt } from "./interrupt.ts";
import { complain, refuse } from "./refusal.ts";
import { StatusLine } from "./status_line.ts";
import { parseFlags } from "./usage.ts";

/** What only this command has, or by another name. */
const OWN_FLAGS = { address: "--filter", port: "the port of --filter" };

/** A capture can't be read. */
const INPUT_CODE = 4;

/** Runs `spillway doctor` with its arguments and gives the exit code. */
export async function doctor(args: string[]): Promise<number> {
  try {
    const { flags, positionals } = parseFlags(args, doctorFlags);
    if (flags.help) {
      console.log(DOCTOR_HELP);
      return 0;
    }
    const watch = livePlan(flags, positionals);
    if (watch === undefined) return await examine(doctorPlan(flags, positionals));
    refuseCaptureFlags(flags);
    const { live } = await import("./doctor/live.ts");
    return await live(watch.target, watch.options);
  } catch (error) {
    const told = error instanceof Error ? inFlags(error, OWN_FLAGS) : error;
    return refuse("doctor", args, told, error instanceof InputError ? INPUT_CODE : undefined);
  }
}

async function examine(plan: DoctorPlan): Promise<number> {
  const output = new ReportOutput(plan);
  const reports: DoctorReport[] = [];
  const abort = new AbortController();
  let interrupt: Interrupt | undefined;
  let unread = 0;
  using _interrupt = onInterrupt((signal) => {
    interrupt = signal;
    abort.abort();
  });
  for (const name of plan.files) {
    try {
      const report = await examineFile(name, plan, abort.signal);
      reports.push(report);
      await output.put(name, report);
    } catch (error) {
      // The others may be readable.
      if (!(error instanceof InputError) || plan.files.length === 1) throw error;
      complain("doctor", error.message, plan);
      unread++;
    }
    if (interrupt !== undefined) break;
  }
  // Ending a pipe by Ctrl-C is how one asks for its report.
  if (interrupt !== undefined && !plan.files.includes("-")) return INTERRUPT_CODES[interrupt];
  return unread > 0 ? INPUT_CODE : findingsCode(reports);
}

async function examineFile(
  name: string,
  { json, filter }: DoctorPlan,
  signal: AbortSignal,
): Promise<DoctorReport> {
  await using file = await CaptureFile.open(name);
  using status = new StatusLine(!json);
  const progress = new Progress(status, file);
  const onProgress = progress.show.bind(progress);
  return await file.reading(diagnose(file.chunks(), { ...filter, signal, onProgress }));
}
