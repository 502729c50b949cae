import { assertEquals, assertThrows } from "@std/assert";
import { type Look, LookSplitter, type LookText, parseLook } from "../../../doctor/live/look.ts";
import { SocketTextError } from "../../../doctor/live/proc_net_tcp.ts";
import { fixture } from "./fixtures.ts";

/** Parts a text whose lines come one a millisecond. */
function looksOf(text: string): { looks: LookText[]; strayLines: number } {
  const splitter = new LookSplitter();
  const looks = text.split("\n").flatMap((line, i) => splitter.line(line, i, 1000 + i) ?? []);
  const last = splitter.end();
  if (last !== undefined) looks.push(last);
  return { looks, strayLines: splitter.strayLines };
}

function counts({ atMs, wallMs, sockets, details, processes }: Look): unknown[] {
  return [atMs, wallMs, sockets.length, details.length, processes.length];
}

const [tcp, tcp6, ss, stat] = ["tcp", "tcp6", "ss", "stat"].map(fixture);

Deno.test("a table that comes again begins another look", () => {
  const { looks } = looksOf(tcp + tcp6 + tcp + tcp6 + tcp + tcp6);
  assertEquals(looks.map((text) => counts(parseLook(text))), [
    [0, 1000, 9, 0, 0],
    [11, 1011, 9, 0, 0],
    [22, 1022, 9, 0, 0],
  ]);
});

Deno.test("the tables may come in any order, and any may be missing", () => {
  const both = looksOf(tcp6 + tcp + tcp6 + tcp).looks.map((text) => counts(parseLook(text))[2]);
  assertEquals(both, [9, 9]);
  const one = looksOf(tcp6 + tcp6).looks.map((text) => counts(parseLook(text))[2]);
  assertEquals(one, [7, 7]);
  const listed = looksOf(ss + ss).looks.map((text) => counts(parseLook(text)));
  assertEquals(listed.map(([, , sockets, details]) => [sockets, details]), [[0, 8], [0, 8]]);
  const all = looksOf(stat + tcp + ss + stat + tcp + ss).looks.map((text) => parseLook(text));
  assertEquals(all.map((look) => counts(look).slice(2)), [[2, 8, 1], [2, 8, 1]]);
});

Deno.test("a line of /proc/uptime or date says when a look was", () => {
  const uptime = looksOf(`12.50 99.00\n${tcp}12.61 99.10\n${tcp}`).looks;
  assertEquals(uptime.map(({ atMs, wallMs }) => [atMs, wallMs]), [
    [12_500, undefined],
    [12_610, undefined],
  ]);
  const date = looksOf(`1799999999.25\n${tcp}1799999999\n${tcp}`).looks;
  assertEquals(date.map(({ atMs, wallMs }) => [atMs, wallMs]), [
    [1799999999_250, 1799999999_250],
    [1799999999_000, 1799999999_000],
  ]);
});

Deno.test("lines that belong to no table are counted, those of a table are numbered in the whole", () => {
  const { looks, strayLines } = looksOf(`Last login: today\n\n${tcp}what is this\n`);
  assertEquals(strayLines, 1);
  const { malformed, malformedLines } = parseLook(looks[0]);
  assertEquals(malformedLines, 1);
  assertEquals(malformed[0].line, 6);
});

Deno.test("a text without a table has no look", () => {
  assertEquals(looksOf("nothing\nof use\n").looks, []);
  assertEquals(looksOf("").looks, []);
  assertEquals(looksOf(stat).looks, []);
});

Deno.test("a look without end is refused before it takes all memory", () => {
  const splitter = new LookSplitter();
  splitter.line(tcp.split("\n")[0], 0);
  const long = "x".repeat(16 * 1024 * 1024);
  const error = assertThrows(() => {
    for (let i = 0; i < 20; i++) splitter.line(long, 0);
  }, SocketTextError);
  assertEquals(error.line, 18);
});
