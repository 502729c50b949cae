/**
 * The doctor's report for people at a terminal.
 *
 * @module
 */

import { endpointText } from "../../doctor/address.ts";
import type { ConnectionReport, DoctorReport } from "../../doctor/report.ts";
import { table } from "../table.ts";
import { binaryBytes, counted, seconds, whole } from "../words.ts";
import { connectionText, factLines } from "./connection_text.ts";
import { brokenText, captureFacts } from "./facts.ts";
import {
  bytesOfBoth,
  connectionsText,
  endName,
  severityOf,
  stalledMs,
  tallyOf,
  verdictNames,
} from "./labels.ts";
import { Layout, type TextOptions } from "./layout.ts";

/** How much of a report is shown. */
export interface ReportTextOptions extends TextOptions {
  /** Rows of the table. Default: 25 */
  rows?: number;
  /** Connections shown in full, from the worst on. Default: 1 */
  details?: number;
}

const HEADINGS = ["", "client", "server", "lasted", "data", "stalled", "end", "verdict"];
const SERVER = 2;

/** The report: one connection in full, or a table of them and the worst in full. */
export function reportText(report: DoctorReport, options: ReportTextOptions): string {
  const layout = new Layout(options);
  const { capture, connections } = report;
  const parts = connections.length === 1 && report.moreConnections === 0
    ? [connectionText(connections[0], options)]
    : manyParts(report, options, layout);
  return [...parts, captureLines(capture, layout).join("\n")].join("\n\n");
}

function manyParts(
  report: DoctorReport,
  options: ReportTextOptions,
  layout: Layout,
): string[] {
  const { connections } = report;
  if (connections.length === 0) {
    return [layout.paint("bold", `${connectionsText(report)} in the capture`)];
  }
  const full = connections.slice(0, options.details ?? 1).map((connection, i) =>
    [heading(connection, i, layout), connectionText(connection, options)].join("\n")
  );
  return [
    tallyLines(report, layout).join("\n"),
    tableLines(report, options.rows ?? 25, layout).join("\n"),
    ...full,
  ];
}

/** How many connections have what. */
function tallyLines(report: DoctorReport, layout: Layout): string[] {
  const tallies = tallyOf(report.connections).map(({ name, count }) => `${whole(count)} ${name}`);
  return layout.wrap(`${connectionsText(report)}: ${tallies.join(" · ")}`)
    .map((line) => layout.paint("bold", line));
}

/** Worst first. */
function tableLines(report: DoctorReport, rows: number, layout: Layout): string[] {
  const shown = report.connections.slice(0, rows);
  const servers = new Set(report.connections.map(({ server }) => endpointText(server)));
  const cells = [HEADINGS, ...shown.map(row)].map((cells) =>
    cells.map((cell) => layout.clean(cell))
  );
  // A column of one value is a line.
  const same = servers.size === 1;
  const lines = same
    ? fitted(cells.map((cells) => cells.toSpliced(SERVER, 1)), 1, layout)
    : fitted(cells, 2, layout);
  const further = report.connections.length - shown.length;
  return [
    ...same ? [layout.clean(`all to ${[...servers][0]}, worst first`)] : [],
    ...lines.map((line, i) => i === 0 ? layout.paint("dim", line) : line),
    ...further > 0 ? layout.wrap(`and ${counted(further, "further one")}, none of them worse`) : [],
    ...report.moreConnections > 0 ? layout.wrap(notKeptText(report)) : [],
  ];
}

function notKeptText({ moreConnections }: DoctorReport): string {
  return `and ${whole(moreConnections)} of which nothing was kept, there were too many`;
}

/** The table; if it is too wide, with the addresses on lines of their own. */
function fitted(rows: string[][], addresses: number, layout: Layout): string[] {
  const first = 1 + addresses;
  const lines = table(rows, [...Array(first).keys(), first + 3, first + 4].slice(1));
  if (Math.max(...lines.map(({ length }) => length)) <= layout.width) return lines;
  const short = table(rows.map((cells) => cells.toSpliced(1, addresses)), [4, 5]);
  const indent = " ".repeat(Math.max(...rows.map(([number]) => number.length)) + 2);
  return short.flatMap((line, i) =>
    i === 0 ? [line] : [line, layout.clean(indent + rows[i].slice(1, first).join(" → "))]
  );
}

function row(connection: ConnectionReport, i: number): string[] {
  const { client, server, fromMs, toMs, end } = connection;
  const stalled = stalledMs(connection);
  return [
    whole(i + 1),
    endpointText(client),
    endpointText(server),
    seconds(toMs - fromMs),
    binaryBytes(bytesOfBoth(connection)),
    stalled > 0 ? seconds(stalled) : "-",
    endName(end),
    verdictNames(connection),
  ];
}

/** Which connection is shown. */
function heading(connection: ConnectionReport, i: number, layout: Layout): string {
  const rule = layout.ascii ? "--" : "──";
  const route = `${endpointText(connection.client)} → ${endpointText(connection.server)}`;
  const colour = severityOf(connection) === "bad" ? "red" : "bold";
  return layout.paint(colour, layout.clean(`${rule} ${whole(i + 1)}: ${route} ${rule}`));
}

function captureLines(capture: DoctorReport["capture"], layout: Layout): string[] {
  const broken = brokenText(capture);
  return [
    ...factLines(captureFacts(capture), layout),
    ...capture.notes.flatMap((note) => factLines([["note", note]], layout)),
    ...broken === undefined
      ? []
      : factLines([["broken", broken]], layout).map((line) => layout.paint("yellow", line)),
  ];
}
