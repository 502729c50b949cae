/**
 * One connection on the page.
 *
 * @module
 */

import { endpointText } from "../../doctor/address.ts";
import type { ConnectionReport, DoctorVerdict, Evidence } from "../../doctor/report.ts";
import { binaryBytes, counted, seconds, whole } from "../words.ts";
import { connectionFacts, type Episode, episodesOf, type Fact } from "./facts.ts";
import { type Html, json, markup } from "./markup.ts";
import { CONFIDENCES, endName, severity, stalledMs, verdictName } from "./labels.ts";
import { type PlotData, plotData } from "./plot/data.ts";

const HINT = "Drag or turn the wheel to zoom; drag below the axis, or with shift, to move. " +
  "A double click, or 0, shows all. Keys: + and - zoom, arrows move, shift and arrows read values.";

/** The connection's article, number `i` from 0. */
export function connectionArticle(connection: ConnectionReport, i: number): Html {
  const { client, server, verdicts, notes } = connection;
  const data = plotData(connection);
  return markup`
<article id="c${i + 1}" aria-label="connection ${whole(i + 1)}">
<p class="route mono">${endpointText(client)} → ${endpointText(server)}</p>
${verdicts.map((verdict) => verdictSection(verdict, data !== undefined))}
${data && plotFigure(connection, data)}
${episodeTable(connection)}
<h3>Facts</h3>
<dl class="facts">
${connectionFacts(connection).map(factRow)}
${notes.map((note) => factRow(["note", note]))}
</dl>
</article>`;
}

function factRow([name, value]: Fact): Html {
  return markup`<dt>${name}</dt><dd>${
    name === "filter" ? markup`<code>${value}</code>` : value
  }</dd>
`;
}

function verdictSection(verdict: DoctorVerdict, plotted: boolean): Html {
  const { sentence, next, side, confidence, evidence, consistentWith } = verdict;
  return markup`
<section class="verdict">
<h2>${sentence}</h2>
<p class="kind"><b class="${severity(verdict)}">${verdictName(verdict)}</b>${
    side && ` of the ${side}`
  } · ${CONFIDENCES[confidence]}</p>
<p class="next"><b>Next</b> ${next}</p>
${evidence.length > 0 && evidenceTable(evidence, plotted)}
${consistentWith && markup`<p class="consistent">Consistent with ${consistentWith}</p>`}
</section>`;
}

/** Times are buttons if there is a plot to show them in. */
function evidenceTable(evidence: readonly Evidence[], plotted: boolean): Html {
  const time = (ms: number) =>
    plotted
      ? markup`<button data-at="${ms}" title="show in the plot">${seconds(ms)}</button>`
      : seconds(ms);
  return markup`<table class="evidence" aria-label="evidence"><tbody>
${
    evidence.map(({ frame, atMs, what }) =>
      markup`<tr><td class="number">frame ${whole(frame)}</td>
<td class="number">${time(atMs)}</td><td>${what}</td></tr>
`
    )
  }</tbody></table>`;
}

function plotFigure(connection: ConnectionReport, data: PlotData): Html {
  const kinds = new Set(data.episodes.map(({ kind }) => kind));
  return markup`
<figure class="plot">
<figcaption class="legend">
<span class="window">window, smallest to largest</span>
<span class="flight">bytes in flight</span>
<span class="data">data</span>
${[...kinds].map((kind) => markup`<span class="${kind}">${kind}</span>`)}
${data.marks.length > 0 && markup`<span class="mark">evidence</span>`}
<div class="acts"><button data-act="+" aria-label="zoom in">+</button>
<button data-act="-" aria-label="zoom out">−</button>
<button data-act="0" aria-label="show all">all</button></div>
</figcaption>
<div class="canvas" tabindex="0" role="application" aria-roledescription="plot"
 aria-label="${summary(connection, data)} ${HINT}"><svg aria-hidden="true"></svg></div>
<p class="readout" aria-live="off">${HINT}</p>
<script type="application/json">${json(data)}</script>
</figure>`;
}

/** What the plot shows, for those who don't see it. */
function summary(connection: ConnectionReport, data: PlotData): string {
  const { stalls, end } = connection;
  const known = (values: (number | null)[]) => values.filter((value) => value !== null);
  const most = (values: (number | null)[]) => known(values).reduce((a, b) => Math.max(a, b), 0);
  const least = known(data.windowMin).reduce((a, b) => Math.min(a, b), Infinity);
  const longest = stalls.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))[0];
  return [
    least === Infinity
      ? "The window is not known."
      : `The ${data.receiver}'s window is from ${binaryBytes(least)} to ${
        binaryBytes(most(data.windowMax))
      }, up to ${binaryBytes(most(data.inFlight))} are in flight.`,
    longest === undefined
      ? "There is no stall."
      : `${counted(stalls.length, "stall")}, ${
        seconds(stalledMs(connection))
      } of waiting, the longest from ${seconds(longest.fromMs)} to ${seconds(longest.toMs)}.`,
    end.by === "capture"
      ? "It had not ended."
      : `It ended at ${seconds(end.atMs)}: ${endName(end)}.`,
  ].join(" ");
}

function episodeTable(connection: ConnectionReport): Html | undefined {
  const episodes = episodesOf(connection);
  if (episodes.length === 0) return undefined;
  const further = connection.moreStalls;
  return markup`
<h3>Stalls and gaps</h3>
<div class="scroll"><table class="episodes">
<thead><tr><th>what</th><th class="number">from</th>
<th class="number">for</th><th class="number">frame</th><th>how</th></tr></thead>
<tbody>
${episodes.map(episodeRow)}</tbody></table></div>
${further > 0 && markup`<p class="further">and ${counted(further, "further stall")}</p>`}`;
}

function episodeRow({ kind, frame, fromMs, toMs, what }: Episode): Html {
  return markup`<tr><td class="${kind}">${kind}</td><td class="number">${seconds(fromMs)}</td>
<td class="number">${seconds(toMs - fromMs)}</td><td class="number">${
    whole(frame)
  }</td><td>${what}</td></tr>
`;
}
