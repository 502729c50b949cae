/**
 * How the page looks: by daylight, at night, on paper.
 *
 * @module
 */

const COLOURS = `
:root {
  color-scheme: light dark;
  --ground: #fcfcfb; --raised: #f4f4f1; --line: #e2e1dc; --strong: #c9c8c2;
  --text: #1d1d1b; --soft: #6a6963; --link: #1f5fa8;
  --bad: #b3261e; --poor: #8f5a00; --fine: #2c6e3f; --unclear: #5f5e59;
  --window: #2667b5; --flight: #c26a00; --data: #4d7f78;
  --stall: #d23b31; --silence: #8a8984; --outage: #7a4fc0;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #15171a; --raised: #1d2024; --line: #2c3036; --strong: #444a52;
    --text: #e6e6e3; --soft: #989b9f; --link: #7db4f5;
    --bad: #ff8a80; --poor: #edb155; --fine: #7fcf96; --unclear: #a9abae;
    --window: #6aa9f7; --flight: #f0a24a; --data: #74b3a9;
    --stall: #ff6b60; --silence: #8d9096; --outage: #b08cf0;
  }
}`;

const TEXT = `
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; padding: 1.25rem clamp(1rem, 4vw, 2.5rem) 4rem; max-width: 74rem;
  background: var(--ground); color: var(--text);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.mono, .list td, .evidence .number, .episodes td.number, .plot text, .readout, dd code {
  font-family: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-variant-numeric: tabular-nums;
}
h1, h2, h3, p, dl, dd, figure, table, ul { margin: 0; padding: 0; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.away { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
header {
  display: flex; flex-wrap: wrap; gap: .1rem 1.5rem; align-items: baseline; justify-content: space-between;
  padding-bottom: .7rem; border-bottom: 1px solid var(--line); color: var(--soft); font-size: .85rem;
}
h1 { font-size: .85rem; font-weight: 600; color: var(--text); letter-spacing: .01em; }
.broken { margin-top: .9rem; color: var(--poor); }
.remarks { margin-top: .6rem; padding-left: 1.1rem; color: var(--soft); font-size: .9rem; }
.bad { color: var(--bad); } .poor { color: var(--poor); }
.fine { color: var(--fine); } .unclear { color: var(--unclear); }

article { padding-top: 1.8rem; }
.route { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
.verdict { max-width: 54rem; margin-top: .5rem; }
.verdict + .verdict { margin-top: 1.7rem; }
.verdict h2 { font-size: 1.5rem; line-height: 1.3; font-weight: 620; letter-spacing: -.012em; text-wrap: pretty; }
.verdict + .verdict h2 { font-size: 1.15rem; }
.kind { margin-top: .45rem; font-size: .9rem; color: var(--soft); }
.kind b { font-weight: 600; }
.next { margin-top: .9rem; padding: .7rem .95rem; background: var(--raised); border-radius: 6px; }
.next b { margin-right: .35em; }
.evidence { margin-top: .9rem; border-collapse: collapse; font-size: .9rem; }
.evidence td { padding: .12rem 1.1rem .12rem 0; vertical-align: top; }
.evidence .number { color: var(--soft); text-align: right; white-space: nowrap; font-size: .82rem; line-height: 1.7; }
.evidence button {
  all: unset; cursor: pointer; color: var(--link); text-decoration: underline;
  text-decoration-color: var(--strong); text-underline-offset: 3px;
}
.evidence button:hover { text-decoration-color: currentColor; }
.evidence button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.consistent { margin-top: .7rem; color: var(--soft); font-size: .9rem; }
h3 { margin: 2rem 0 .5rem; font-size: .85rem; font-weight: 600; }
.scroll { overflow-x: auto; }
.episodes { border-collapse: collapse; font-size: .9rem; }
.episodes .number { font-size: .82rem; line-height: 1.7; text-align: right; }
.episodes th { text-align: left; font-weight: 500; font-size: .82rem; color: var(--soft); }
.episodes th, .episodes td { padding: .2rem 1.3rem .2rem 0; vertical-align: top; white-space: nowrap; }
.episodes td:last-child { white-space: normal; min-width: 18rem; }
.episodes .stall { color: var(--stall); } .episodes .outage { color: var(--outage); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .28rem 1.4rem; font-size: .9rem; }
.facts dt { color: var(--soft); }
.facts dd { overflow-wrap: anywhere; max-width: 52rem; }
@media (max-width: 36rem) {
  .verdict h2 { font-size: 1.25rem; }
  .evidence tr, .episodes tr { display: grid; grid-template-columns: repeat(4, max-content) minmax(0, 1fr); margin-bottom: .45rem; }
  .evidence td:last-child, .episodes td:last-child { grid-column: 1 / -1; min-width: 0; }
  .episodes thead { display: none; }
  .episodes td:nth-child(3)::before { content: "for "; } .episodes td:nth-child(4)::before { content: "frame "; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .5rem; }
}`;

const LIST = `
.overview { margin-top: 1.1rem; }
.tools { display: flex; flex-wrap: wrap; gap: .4rem .5rem; align-items: center; }
.chip, .tools input, .acts button {
  font: inherit; font-size: .82rem; color: var(--text); background: none;
  border: 1px solid var(--line); border-radius: 6px; padding: .18rem .6rem;
}
.chip, .acts button { cursor: pointer; }
.chip:hover, .acts button:hover { border-color: var(--strong); }
.chip[aria-pressed=true] { background: var(--raised); border-color: currentColor; }
.chip b { font-variant-numeric: tabular-nums; margin-right: .15em; }
.tools input { margin-left: auto; width: 14rem; max-width: 100%; background: var(--ground); }
.list {
  margin-top: .8rem; max-height: min(24rem, 46vh); overflow: auto;
  border-top: 1px solid var(--line); border-bottom: 1px solid var(--line);
}
.list table { border-collapse: collapse; width: 100%; font-size: .8rem; }
.list th {
  position: sticky; top: 0; z-index: 1; background: var(--ground); box-shadow: 0 1px var(--line);
  text-align: left; font-weight: 500; color: var(--soft); white-space: nowrap;
}
.list th, .list td { padding: .3rem .9rem .3rem 0; }
.list th:first-child, .list td:first-child { padding-left: .5rem; color: var(--soft); }
.list td { border-bottom: 1px solid var(--line); white-space: nowrap; }
.list tr:last-child td { border-bottom: 0; }
.list .number { text-align: right; }
.list a { color: inherit; text-decoration: none; }
.js .list tbody tr { cursor: pointer; }
.js .list tbody tr:hover, .list tr[aria-current] { background: var(--raised); }
.list tr[aria-current] td:first-child { box-shadow: inset 3px 0 var(--link); color: var(--text); }
.list a:focus-visible { outline-offset: 4px; }
.list .life { width: 22%; min-width: 7rem; }
.life svg { display: block; width: 100%; height: 12px; overflow: visible; }
.life .span { fill: var(--strong); } .life .stall { fill: var(--stall); }
.life .silence { fill: var(--silence); } .life .outage { fill: var(--outage); } .life .end { fill: var(--text); }
.none { padding: .8rem .5rem; color: var(--soft); }
.further { margin-top: .5rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 62rem) { .list .wide { display: none; } }
@media (max-width: 44rem) {
  .list .roomy, .list .life { display: none; }
  .list td { white-space: normal; overflow-wrap: anywhere; }
  .tools input { margin-left: 0; width: 100%; }
}`;

const PLOT = `
.plot { display: none; margin-top: 1.8rem; }
.js .plot { display: block; }
.legend { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; align-items: center; font-size: .82rem; color: var(--soft); }
.legend span::before {
  content: ""; display: inline-block; width: 1.1em; height: .62em; margin-right: .45em; border-radius: 1px;
}
.legend .window::before { background: color-mix(in srgb, var(--window) 32%, transparent); border-bottom: 2px solid var(--window); }
.legend .flight::before { height: 0; vertical-align: .25em; border-bottom: 2px solid var(--flight); }
.legend .data::before { background: var(--data); }
.legend .stall::before { background: color-mix(in srgb, var(--stall) 16%, transparent); border-top: 3px solid var(--stall); }
.legend .silence::before { background: color-mix(in srgb, var(--silence) 18%, transparent); border-top: 3px solid var(--silence); }
.legend .outage::before { background: color-mix(in srgb, var(--outage) 18%, transparent); border-top: 3px solid var(--outage); }
.legend .mark::before { width: 0; height: 0; border: 5px solid transparent; border-top: 7px solid var(--text); border-bottom: 0; vertical-align: .05em; }
.acts { margin-left: auto; display: flex; gap: .3rem; }
.acts button { min-width: 1.9rem; }
.canvas { margin-top: .5rem; touch-action: pan-y; cursor: crosshair; user-select: none; -webkit-user-select: none; border-radius: 4px; }
.canvas svg { display: block; width: 100%; height: auto; }
.readout { min-height: 3.1em; margin-top: .3rem; font-size: .8rem; color: var(--soft); white-space: pre-wrap; }
.plot text { font-size: 11.5px; fill: var(--soft); }
.plot .title { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--text); font-size: 12px; }
.plot .y, .plot .before { text-anchor: end; } .plot .x, .plot .note { text-anchor: middle; }
.plot .note.before { text-anchor: end; } .plot .note.behind { text-anchor: start; }
.plot .grid { stroke: var(--line); } .plot .base { stroke: var(--strong); }
.plot path { fill: none; vector-effect: non-scaling-stroke; }
.plot .line { stroke-width: 1.75; stroke-linejoin: round; }
.plot .window.under { fill: var(--window); fill-opacity: .1; }
.plot .window.range { fill: var(--window); fill-opacity: .28; }
.plot .window.line { stroke: var(--window); }
.plot .flight.line { stroke: var(--flight); }
.plot .rate.bars { fill: var(--data); fill-opacity: .8; }
.plot .total.line { stroke: var(--data); }
.plot .band { fill-opacity: .11; }
.plot .band.stall, .plot .head.stall { fill: var(--stall); }
.plot .band.silence, .plot .head.silence { fill: var(--silence); }
.plot .band.outage, .plot .head.outage { fill: var(--outage); }
.plot .title, .plot .note { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; stroke-linejoin: round; stroke-opacity: .8; }
.plot .note { fill: var(--text); } .plot .note.stall { fill: var(--bad); } .plot .note.outage { fill: var(--outage); }
.plot line.end { stroke: var(--text); stroke-width: 1.5; } .plot .note.end { font-weight: 600; }
.plot .mark { fill: var(--text); }
.plot .cursor { stroke: var(--soft); stroke-dasharray: 2 3; }
.plot .chosen { fill: var(--link); fill-opacity: .16; stroke: var(--link); stroke-opacity: .5; }
`;

const PAPER = `
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  .tools, .acts, .readout, .plot .cursor, .plot .chosen { display: none; }
  .list { max-height: none; overflow: visible; }
  .list tr:nth-child(n + 31) { display: none; }
  .list th { position: static; }
  .evidence button { color: inherit; text-decoration: none; }
  .next, .list tr[aria-current] { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .verdict, .plot, .episodes tr, .list tr, .facts > * { break-inside: avoid; }
  h3 { break-after: avoid; }
}
`;

/** The page's style sheet. */
export const PAGE_STYLE = [COLOURS, TEXT, LIST, PLOT, PAPER].join("");
