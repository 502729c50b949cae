/**
 * What the doctor's verdicts are called in the labels of captures, read from the table that
 * docs/doctor.md publishes.
 */
import type { DoctorVerdict } from "../../doctor/mod.ts";

const DOCUMENT = new URL("../../docs/doctor.md", import.meta.url);

/** Rows of the table "Verdicts and causes": a verdict in backticks, then the words of its causes. */
function readTable(): Map<string, string[]> {
  const section = Deno.readTextFileSync(DOCUMENT).split("## Verdicts and causes\n")[1]
    .split("\n## ")[0];
  const rows = Array.from(
    section.matchAll(/^\| `([a-z_]+)` *\|([^|\n]*)\|/gm),
    ([, verdict, causes]): [string, string[]] => [
      verdict,
      Array.from(causes.matchAll(/`([^`]+)`/g), ([, cause]) => cause),
    ],
  );
  return new Map(rows);
}

const CAUSES = readTable();

/** The causes a verdict stands for. */
export function causesOf({ kind, outcome }: Pick<DoctorVerdict, "kind" | "outcome">): string[] {
  const name = outcome === "recovered" ? `${kind}_recovered` : kind;
  const causes = CAUSES.get(name);
  if (causes === undefined) throw new Error(`docs/doctor.md has no causes for ${name}`);
  return causes;
}
