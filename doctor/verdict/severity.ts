/**
 * Which connection is worst.
 *
 * @module
 */

import type { ConnectionReport, DoctorVerdictKind } from "../report.ts";

/** Worst first. */
const ORDER: readonly DoctorVerdictKind[] = [
  "slow_consumer",
  "third_party",
  "unreachable",
  "path_bottleneck",
  "outage",
  "server_crashed",
  "server_reset",
  "client_killed",
  "refused",
  "filtered",
  "timed_out",
  "packet_loss",
  "receive_buffer_too_small",
  "server_silent",
  "server_idle_closed",
  "unknown",
  "server_closed",
  "client_closed",
  "nothing_wrong",
];

/** The higher, the worse. */
export function severity(report: ConnectionReport): number {
  const [first] = report.verdicts;
  const rank = ORDER.length - ORDER.indexOf(first.kind);
  const cut = first.outcome === "cut" || first.outcome === "still_stalled" ? 1 : 0;
  return rank * 2 + cut;
}
