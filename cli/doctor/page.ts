/**
 * The doctor's report as one page of HTML that needs nothing but itself.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { DoctorReport } from "../../doctor/report.ts";
import { brokenText, captureFacts, type Fact } from "./facts.ts";
import { Html, markup } from "./markup.ts";
import { connectionsText, tallyOf, verdictNames } from "./labels.ts";
import { connectionArticle } from "./page_connection.ts";
import { connectionList } from "./page_list.ts";
import { PAGE_SCRIPT } from "./page_script.ts";
import { PAGE_STYLE } from "./page_style.ts";

/** Further ones, which are no worse, would make the page larger than mails and tickets take. */
const MAX_CONNECTIONS = 500;

/** The report as a page: no network, no storage, and only the script that is here. */
export function page(report: DoctorReport): string {
  const { capture, connections, moreConnections } = report;
  const shown = connections.slice(0, MAX_CONNECTIONS);
  const broken = brokenText(capture);
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title(report)}</title>
<style>${new Html(PAGE_STYLE)}</style>
</head>
<body>
<header>
<h1>Spillway doctor: ${connectionsText(report)}</h1>
<p>${captureFacts(capture).map(captureText)}</p>
</header>
<main>
${broken !== undefined && markup`<p class="broken">${sentence(broken)}</p>`}
${capture.notes.length > 0 && markup`<ul class="remarks">${capture.notes.map(item)}</ul>`}
<noscript><p class="remarks">Plots need JavaScript.</p></noscript>
${connections.length + moreConnections > 1 && connectionList(report, shown)}
${shown.map(connectionArticle)}
</main>
<script>${new Html(PAGE_SCRIPT)}</script>
</body>
</html>
`.text;
}

function captureText([name, value]: Fact, i: number): string {
  return i === 0 ? value : `; ${name} ${value}`;
}

function item(text: string): Html {
  return markup`<li>${text}</li>
`;
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** What is allowed: this style and this script, by their hashes, and no text that becomes code. */
function policy(): string {
  return [
    "default-src 'none'",
    `style-src ${hashOf(PAGE_STYLE)}`,
    `script-src ${hashOf(PAGE_SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** What a tab, a bookmark or a ticket calls it. */
function title(report: DoctorReport): string {
  const { connections } = report;
  if (connections.length === 1) return `${verdictNames(connections[0])}, Spillway doctor`;
  const [worst] = tallyOf(connections);
  const what = worst === undefined ? "" : `, ${worst.count} ${worst.name}`;
  return `${connectionsText(report)}${what}, Spillway doctor`;
}
