/**
 * The list of connections on the page.
 *
 * @module
 */

import { endpointText } from "../../doctor/address.ts";
import type { ConnectionReport, DoctorReport } from "../../doctor/report.ts";
import { binaryBytes, counted, seconds, whole } from "../words.ts";
import { episodesOf } from "./facts.ts";
import { type Html, markup } from "./markup.ts";
import {
  bytesOfBoth,
  connectionsText,
  endName,
  firstName,
  severityOf,
  stalledMs,
  type Tally,
  tallyOf,
  verdictNames,
} from "./labels.ts";

/** Fewer can be looked through. */
const SEARCHED_FROM = 8;
/** Units of a lifeline's width. */
const LIFE = 1000;
const LIFE_HEIGHT = 12;

/** The list, worst first; `shown` of the report's connections are on the page. */
export function connectionList(report: DoctorReport, shown: readonly ConnectionReport[]): Html {
  const tallies = tallyOf(shown);
  const durationMs = Math.max(report.capture.durationMs, ...shown.map(({ toMs }) => toMs));
  return markup`
<section class="overview" aria-label="${connectionsText(report)}">
<div class="tools">
${tallies.length > 1 && tallies.map(chip)}
${shown.length > SEARCHED_FROM && SEARCH}
</div>
<div class="list"><table>
<thead><tr><th><span class="away">number</span></th><th>client</th><th>server</th><th>verdict</th>
<th class="life">in the capture</th><th class="number roomy">lasted</th>
<th class="number wide">data</th><th class="number roomy">stalled</th><th class="wide">end</th></tr>
</thead>
<tbody>
${shown.map((connection, i) => row(connection, i, durationMs))}</tbody></table>
<p class="none" hidden>no connection is like that</p></div>
${furtherText(report, shown.length)}
</section>`;
}

const SEARCH = markup`<input type="search" placeholder="address, verdict, end"
 aria-label="search connections">`;

/** Shows, when pressed, only connections with this verdict. */
function chip({ name, severity, count }: Tally): Html {
  return markup`<button class="chip" data-verdict="${name}" aria-pressed="false"><b>${
    whole(count)
  }</b> <span class="${severity}">${name}</span></button>
`;
}

function row(connection: ConnectionReport, i: number, durationMs: number): Html {
  const { client, server, fromMs, toMs, end } = connection;
  const stalled = stalledMs(connection);
  return markup`<tr data-verdict="${firstName(connection)}"><td class="number">${whole(i + 1)}</td>
<td><a href="#c${i + 1}">${endpointText(client)}</a></td><td>${endpointText(server)}</td>
<td class="${severityOf(connection)}">${verdictNames(connection)}</td>
<td class="life">${lifeline(connection, durationMs)}</td>
<td class="number roomy">${seconds(toMs - fromMs)}</td>
<td class="number wide">${binaryBytes(bytesOfBoth(connection))}</td>
<td class="number roomy">${stalled > 0 ? seconds(stalled) : "–"}</td>
<td class="wide">${endName(end)}</td></tr>
`;
}

/** When in the capture the connection was there, and when it was stuck. */
function lifeline(connection: ConnectionReport, durationMs: number): Html {
  const { fromMs, toMs, end } = connection;
  const at = (ms: number) => durationMs > 0 ? Math.round(ms / durationMs * LIFE) : 0;
  const bar = (name: string, [from, to]: [number, number], top: number) => {
    const width = Math.max(4, at(to) - at(from));
    return markup`<rect class="${name}" x="${at(from)}" y="${top}" width="${width}" height="${
      LIFE_HEIGHT - 2 * top
    }"/>`;
  };
  const bars = [
    bar("span", [fromMs, toMs], 5),
    ...episodesOf(connection).map((one) => bar(one.kind, [one.fromMs, one.toMs], 3)),
    end.by !== "capture" && bar("end", [end.atMs, end.atMs], 1),
  ];
  return markup`<svg viewBox="0 0 ${LIFE} ${LIFE_HEIGHT}" preserveAspectRatio="none"
 aria-hidden="true">${bars}</svg>`;
}

function furtherText({ connections, moreConnections }: DoctorReport, shown: number): Html | false {
  const further = connections.length - shown;
  const parts = [
    further > 0 &&
    `${counted(further, "further connection")}, none of them worse, not on this page`,
    moreConnections > 0 &&
    `${
      counted(moreConnections, "further connection")
    } of which nothing was kept, there were too many`,
  ].filter((part) => part !== false);
  return parts.length > 0 && markup`<p class="further">and ${parts.join("; and ")}</p>`;
}
