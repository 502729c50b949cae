/**
 * One connection for people at a terminal: who ended it, why, what to do; then what shows it.
 *
 * @module
 */

import type { ConnectionReport, DoctorVerdict } from "../../doctor/report.ts";
import { counted, seconds, whole } from "../words.ts";
import { connectionFacts, type Episode, episodesOf, type Fact } from "./facts.ts";
import { CONFIDENCES, type Severity, severity, verdictName } from "./labels.ts";
import { Layout, type TextOptions } from "./layout.ts";
import { timelineText } from "./timeline_text.ts";

const COLOURS: Readonly<Record<Severity, Parameters<Layout["paint"]>[0]>> = {
  bad: "red",
  poor: "yellow",
  fine: "green",
  unclear: "bold",
};
/** Width of the names of rows. */
const NAME_WIDTH = 15;
/** Longer lists end in a number: the page and `--json` have all. */
const MAX_EPISODES = 12;

/** One connection in full. */
export function connectionText(connection: ConnectionReport, options: TextOptions): string {
  const layout = new Layout(options);
  const timeline = timelineText(connection, options);
  const parts = [
    ...connection.verdicts.map((verdict) => verdictLines(verdict, layout)),
    timeline === undefined ? [] : [timeline],
    episodeLines(connection, layout),
    [
      ...factLines(connectionFacts(connection), layout),
      ...connection.notes.flatMap((note) => factLines([["note", note]], layout)),
    ],
  ];
  return parts.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n");
}

/** A verdict: its sentence first, then what to do, then why it is believed. */
function verdictLines(verdict: DoctorVerdict, layout: Layout): string[] {
  const { sentence, next, evidence, consistentWith, confidence } = verdict;
  const bold = (text: string) => layout.paint("bold", text);
  const colour = COLOURS[severity(verdict)];
  const frameWidth = Math.max(0, ...evidence.map(({ frame }) => whole(frame).length));
  const timeWidth = Math.max(0, ...evidence.map(({ atMs }) => seconds(atMs).length));
  const who = verdict.side === undefined ? "" : `the ${verdict.side}: `;
  return [
    ...layout.wrap(sentence).map((line) => layout.paint(colour, bold(line))),
    ...layout.hanging("  Next: ", next, bold),
    ...layout.hanging("  ", `${who}${verdictName(verdict)} · ${CONFIDENCES[confidence]}`)
      .map((line) => layout.paint("dim", line)),
    ...evidence.flatMap(({ frame, atMs, what }) =>
      layout.hanging(
        `  frame ${whole(frame).padStart(frameWidth)}  ${seconds(atMs).padStart(timeWidth)}  `,
        what,
        (head) => layout.paint("dim", head),
      )
    ),
    ...consistentWith === undefined ? [] : layout.hanging("  consistent with ", consistentWith),
  ];
}

/** Stalls and gaps, the longest ones if there are too many. */
function episodeLines(connection: ConnectionReport, layout: Layout): string[] {
  const all = episodesOf(connection);
  const length = ({ fromMs, toMs }: Episode) => toMs - fromMs;
  const shown = all.toSorted((a, b) => length(b) - length(a)).slice(0, MAX_EPISODES)
    .sort((a, b) => a.fromMs - b.fromMs);
  const further = all.length - shown.length + connection.moreStalls;
  const longest = Math.max(0, ...shown.map(({ toMs }) => seconds(toMs).length));
  return [
    ...shown.flatMap((episode) => {
      const { kind, fromMs, toMs, what } = episode;
      const from = seconds(fromMs).padStart(longest);
      const head = `${kind.padEnd(8)} ${from} to ${seconds(toMs).padStart(longest)}  `;
      return layout.hanging(
        head,
        `${seconds(toMs - fromMs)}: ${what}`,
        (text) => layout.paint("dim", text),
      );
    }),
    ...further > 0 ? [`and ${counted(further, "shorter one")}`] : [],
  ];
}

/** Rows of a name and a value. */
export function factLines(facts: readonly Fact[], layout: Layout): string[] {
  return facts.flatMap(([name, value]) =>
    layout.hanging(name.padEnd(NAME_WIDTH), value, (head) => layout.paint("dim", head))
  );
}
