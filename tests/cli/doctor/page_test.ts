/** The doctor's page, as text. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { markup } from "../../../cli/doctor/markup.ts";
import { page } from "../../../cli/doctor/page.ts";
import { PAGE_SCRIPT } from "../../../cli/doctor/page_script.ts";
import { viewing } from "../../../cli/doctor/plot/view.ts";
import { many, mixed, recovered, refused, report, slowConsumer, twoVerdicts } from "./fixtures.ts";
import { HOSTILE, hostile } from "./hostile.ts";

/** The contents of all elements `name`. */
function contents(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}\\b[^>]*>([\\s\\S]*?)</${name}>`, "g"))]
    .map(([, content]) => content);
}

Deno.test("page() lets no text of a report become markup", () => {
  const text = page(hostile());
  assert(!text.includes("<img"));
  assert(!text.includes("<!--"));
  const plain = page(report([slowConsumer(), slowConsumer()]));
  // As many tags as with harmless texts, and a list of notes more.
  for (const name of ["script", "style", "button", "article"]) {
    assertEquals(contents(text, name).length, contents(plain, name).length, name);
  }
  assertStringIncludes(text, "&lt;/script&gt;&lt;img src=x onerror=&quot;");
  assert(!text.includes("\u202e"));
  const [data] = contents(text, "script");
  assertEquals(JSON.parse(data).marks[0].what, HOSTILE.replace("\u202e", "\\u202e"));
});

Deno.test("markup`` escapes texts, not itself, and leaves out what is not there", () => {
  const inner = markup`<b title="${`"'`}">${"a & b"}</b>`;
  assertEquals(
    markup`<p>${inner}${undefined}${false}${[inner, 0]}</p>`.text,
    '<p><b title="&quot;&#39;">a &amp; b</b><b title="&quot;&#39;">a &amp; b</b>0</p>',
  );
});

Deno.test("page() allows the script and the style that are in it, and nothing else", () => {
  const text = page(mixed());
  const policy = text.match(/http-equiv="Content-Security-Policy" content="([^"]*)"/)![1]
    .replaceAll("&#39;", "'");
  const hash = (content: string) =>
    `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
  const rules = new Map(
    policy.split("; ").map((rule) => {
      const at = rule.indexOf(" ");
      return [rule.slice(0, at), rule.slice(at + 1)];
    }),
  );
  assertEquals(rules.get("default-src"), "'none'");
  assertEquals(rules.get("script-src"), hash(contents(text, "script").at(-1)!));
  assertEquals(rules.get("style-src"), hash(contents(text, "style")[0]));
  assert(!/ (?:src|style|on\w+)=/.test(text));
  assert(!/\b(?:https?:)?\/\/(?!www\.w3\.org\/2000\/svg)[\w-]+\.\w/.test(text));
  for (const [, target] of text.matchAll(/ href="([^"]*)"/g)) assert(target.startsWith("#c"));
});

Deno.test("the page's script is one whose texts can't end its element", () => {
  new Function(PAGE_SCRIPT);
  assert(!/<\/script|<!--/i.test(PAGE_SCRIPT));
  // Types are gone, imports too.
  assert(!/\bimport\b|\bexport\b|\binterface\b/.test(PAGE_SCRIPT.replace(/\/\*[\s\S]*?\*\//g, "")));
});

Deno.test("page() begins with the verdict, and shows both of two", () => {
  const text = page(report([twoVerdicts()]));
  const [first, second] = contents(text, "section");
  assertStringIncludes(first, "<h2>The client 10.0.0.2:51234 stopped reading for 5.003 s");
  assertStringIncludes(first, '<b class="bad">slow consumer, cut off</b> of the client');
  assertStringIncludes(first, "<b>Next</b> Find what kept the client from its socket");
  assertStringIncludes(first, '<button data-at="2349" title="show in the plot">2.349 s</button>');
  assertStringIncludes(second, "<h2>One packet in ten got lost");
  assert(!text.includes('class="list"'));
  assertStringIncludes(
    text,
    "<title>slow consumer, cut off + packet loss, Spillway doctor</title>",
  );
});

Deno.test("page() gives the plot its numbers, and those who can't see it a sentence", () => {
  const text = page(report([recovered()]));
  const data = JSON.parse(contents(text, "script")[0]);
  assertEquals(data.bytes.length, 256);
  assertEquals(data.episodes.map(({ kind }: { kind: string }) => kind), [
    "stall",
    "stall",
    "outage",
  ]);
  assertEquals(data.end, { atMs: 10_000, name: "client FIN" });
  assert(data.inFlight.includes(null));
  assertStringIncludes(
    text,
    'aria-label="The client&#39;s window is from 0 B to 256.0 KiB, up to 60.0 KiB are in flight. ' +
      "2 stalls, 2.000 s of waiting, the longest from 3.000 s to 4.200 s. " +
      "It ended at 10.000 s: client FIN.",
  );
});

Deno.test("page() of a connection without a timeline has no plot, nor buttons for it", () => {
  const text = page(report([refused()]));
  assertEquals([contents(text, "figure").length, contents(text, "button").length], [0, 0]);
  assertStringIncludes(text, "0.911 s");
});

Deno.test("page() has a list of many, and leaves out what is too much", () => {
  const text = page({ ...many(510), moreConnections: 90 });
  assertEquals(contents(text, "article").length, 500);
  assertEquals(contents(text, "tr").filter((row) => row.includes('href="#c')).length, 500);
  assertStringIncludes(text, "<h1>Spillway doctor: 600 TCP connections</h1>");
  assertStringIncludes(text, "and 10 further connections, none of them worse, not on this page;");
  assertStringIncludes(text, "and 90 further connections of which nothing was kept");
  assert(text.length < 8e6, `${text.length} characters`);
});

Deno.test("page() of a broken capture without connections says so", () => {
  const { capture } = mixed();
  const text = page(report([], { capture }));
  assertStringIncludes(text, "The file is broken at byte 3,499,000: a packet of 1,500 bytes");
  assertStringIncludes(text, "40 packets of link type 147 were not read");
  assertStringIncludes(text, "<h1>Spillway doctor: 0 TCP connections</h1>");
  assertEquals(contents(text, "article"), []);
});

Deno.test("views stay within the timeline, and where the pointer is when zoomed", () => {
  const { clamped, zoomed, moved } = viewing();
  const whole = { from: 100, to: 200 };
  assertEquals(zoomed(whole, 125, 0.5), { from: 112.5, to: 162.5 });
  assertEquals(clamped(moved({ from: 110, to: 120 }, -50), whole, 1), { from: 100, to: 110 });
  assertEquals(clamped(zoomed(whole, 150, 3), whole, 1), whole);
  assertEquals(clamped({ from: 150, to: 150 }, whole, 10), { from: 145, to: 155 });
});
