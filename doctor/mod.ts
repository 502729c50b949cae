/**
 * The doctor: packet captures in, and out comes why their connections died, with the packets
 * that show it.
 *
 * It reads what `tcpdump -w` and Wireshark write, wants no permissions, and never claims more
 * than the wire shows: what looks the same is named in `consistentWith`, and `unknown` is an
 * answer.
 *
 * @example Read a capture
 * ```ts no-run
 * import { diagnose } from "@spillway/spillway/doctor";
 *
 * const report = await diagnose(await Deno.readFile("feed.pcap"));
 * console.log(report.connections[0]?.verdicts);
 * ```
 *
 * @module
 */

export {
  type CaptureProgress,
  type CaptureSource,
  diagnose,
  type DiagnoseOptions,
} from "./diagnose.ts";
export { CaptureFormatError } from "./capture/reader.ts";
export { OptionError, SpillwayError } from "../src/errors.ts";
export type { Verdict, VerdictKind } from "../src/verdict.ts";
export type {
  CaptureReport,
  Confidence,
  ConnectionEnd,
  ConnectionReport,
  DoctorReport,
  DoctorVerdict,
  DoctorVerdictKind,
  Evidence,
  Gap,
  RoundTrip,
  Side,
  SideReport,
  SlowOutcome,
  Stall,
  Timeline,
} from "./report.ts";
