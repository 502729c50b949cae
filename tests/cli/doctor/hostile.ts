/** A report whose every text tries to get out of where it is shown. */
import type { DoctorReport } from "../../../doctor/report.ts";
import { capture, report, slowConsumer } from "./fixtures.ts";

/** The text. */
export const HOSTILE =
  `</script><img src=x onerror="globalThis.hacked=1">'"\`\${1}&amp;<!--<script>\u202e]]>`;

/** The report: two connections of which only the numbers are harmless. */
export function hostile(): DoctorReport {
  const spoil = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(spoil);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        typeof inner === "string" && FREE.has(key) ? HOSTILE : spoil(inner),
      ]),
    );
  };
  const connections = [slowConsumer(), slowConsumer()];
  const broken = { offset: 1, sentence: "" };
  return spoil(report(
    connections.map((one) => ({ ...one, notes: [HOSTILE] })),
    { capture: capture({ broken, notes: [HOSTILE] }) },
  )) as DoctorReport;
}

/** Fields that hold any text; those of others are words of the doctor's. */
const FREE = new Set(["sentence", "what", "next", "consistentWith", "address", "format"]);
