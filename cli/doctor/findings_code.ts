/**
 * What `spillway doctor` exits with when it could read what it was given.
 *
 * @module
 */

import type { ConnectionReport, DoctorReport } from "../../doctor/mod.ts";
import { severityOf } from "./labels.ts";

/** Nothing is wrong, something is, or that can't be told. */
const FINE = 0;
const WRONG = 1;
const UNCLEAR = 5;

/** Of the worst connection there is. */
export function findingsCode(reports: readonly DoctorReport[]): number {
  const codes = reports.flatMap(({ connections }) => connections.map(codeOf));
  if (codes.includes(WRONG)) return WRONG;
  // A capture without connections tells nothing.
  const empty = reports.some(({ connections }) => connections.length === 0);
  return empty || codes.includes(UNCLEAR) ? UNCLEAR : FINE;
}

function codeOf(connection: ConnectionReport): number {
  const severity = severityOf(connection);
  if (severity === "fine") return FINE;
  return severity === "unclear" ? UNCLEAR : WRONG;
}
