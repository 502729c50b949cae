/**
 * Flags of `spillway doctor`.
 *
 * @module
 */

import { resolve } from "node:path";
import type { DiagnoseOptions } from "../../doctor/mod.ts";
import { liveFlags } from "./live_flags.ts";
import { type FlagNames, type Flags, textFlag, UsageError } from "../usage.ts";

/** What is to be done. */
export interface DoctorPlan {
  /** Captures; `-` is standard input. */
  files: string[];
  json: boolean;
  /** File of the page. */
  html: string | undefined;
  /** Every connection in full. */
  all: boolean;
  /** Which connections are looked at. */
  filter: Pick<DiagnoseOptions, "address" | "port">;
}

/** The flags there are. */
export const doctorFlags: FlagNames = {
  string: ["filter", "html", ...liveFlags.string],
  boolean: ["json", "all", "help", ...liveFlags.boolean],
  repeated: liveFlags.repeated,
};

/** Those that go with captures only. */
const CAPTURE_FLAGS = ["filter", "html", "all"];

/** Throws a `UsageError` if a flag of captures stands beside `--live`. */
export function refuseCaptureFlags(flags: Flags): void {
  const stray = CAPTURE_FLAGS.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (stray !== undefined) throw new UsageError(`--${stray} does not go with --live`);
}

/** Makes a plan of the command line. */
export function doctorPlan(flags: Flags, positionals: string[]): DoctorPlan {
  if (positionals.length === 0) {
    throw new UsageError("expected a capture, or - for standard input, see --help");
  }
  if (positionals.filter((file) => file === "-").length > 1) {
    throw new UsageError("standard input can be read only once");
  }
  const html = textFlag(flags, "html");
  if (html !== undefined && positionals.length > 1) {
    throw new UsageError(`--html takes one capture, got ${positionals.length}`);
  }
  if (html !== undefined && resolve(html) === resolve(positionals[0])) {
    throw new UsageError(`--html ${html} is the capture itself, which a page would overwrite`);
  }
  const json = flags.json === true;
  const all = flags.all === true;
  if (json && all) throw new UsageError("--all does not go with --json, which has everything");
  const filter = filterOf(textFlag(flags, "filter"));
  return { files: positionals, json, html, all, filter };
}

const FILTER_FORM = "an address, :PORT, or both as 10.0.0.1:9000 or [::1]:9000";

function filterOf(text: string | undefined): DoctorPlan["filter"] {
  if (text === undefined) return {};
  const groups = /^(?<address>\[[^\]]+\]|[^:[\]]*)(?::(?<port>\d{1,5}))?$/.exec(text)?.groups;
  // An IPv6 address alone may stand without brackets.
  const { address, port } = groups ?? { address: text, port: undefined };
  if (text === "" || (address === "" && port === undefined)) throw noFilter(text);
  if (/^\d+$/.test(address)) throw noFilter(text, `did you mean :${address}?`);
  return {
    ...address === "" ? {} : { address },
    ...port === undefined ? {} : { port: Number(port) },
  };
}

function noFilter(text: string, advice?: string): UsageError {
  return new UsageError(
    `--filter must be ${FILTER_FORM}, got ${text}${advice ? `, ${advice}` : ""}`,
  );
}
