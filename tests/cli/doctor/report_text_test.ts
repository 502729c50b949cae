/** The doctor's report on a terminal. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ReportTextOptions } from "../../../cli/doctor/report_text.ts";
import { reportText } from "../../../cli/doctor/report_text.ts";
import type { DoctorReport } from "../../../doctor/report.ts";
import {
  capture,
  connection,
  many,
  mixed,
  recovered,
  refused,
  report,
  slowConsumer,
  twoVerdicts,
  unknown,
} from "./fixtures.ts";

function plain(what: DoctorReport, more: Partial<ReportTextOptions> = {}): string {
  return reportText(what, { colour: false, ...more });
}

/** The text up to the first empty line. */
function firstPart(text: string): string {
  return text.split("\n\n")[0];
}

Deno.test("reportText() begins with who did it, then says what to do, how sure it is, and why", () => {
  assertEquals(
    firstPart(plain(report([slowConsumer()]))),
    `The client 10.0.0.2:51234 stopped reading for 5.003 s, so the server reset the
connection.
  Next: Find what kept the client from its socket at 2.0 s: a handler that
        computes, a pause for garbage, a disk. Or let Spillway read while it
        does.
  the client: slow consumer, cut off · certain: the wire shows it
  frame 1,204  2.349 s  the client's window is zero: its buffer is full
  frame 1,206  2.551 s  the server probes the window, which stays shut
  frame 1,243  7.352 s  the server resets the connection, the window still zero
  consistent with a server that gives its clients 5 s to take what it sends, as
                  redis-server's client-output-buffer-limit or nats-server's
                  write_deadline`,
  );
});

Deno.test("reportText() gives the facts of a connection", () => {
  const [, , stalls, facts, last] = plain(report([slowConsumer()])).split("\n\n");
  assertEquals(
    stalls,
    `stall    2.349 s to 7.352 s  5.003 s: the client's window too small, zero for
                             5.003 s, until the connection ended; the sender
                             probed the window (6 probes)`,
  );
  assertEquals(
    facts,
    `client         10.0.0.2:51234, sent 0 B in 900 packets
server         10.0.0.9:7000, sent 3.0 MiB in 2,210 packets
captured       at the client
lasted         7.352 s, 0.000 s to 7.352 s, from frame 1 on
round trip     0.21 ms to 12 ms, median 0.44 ms, handshake 0.31 ms
client window  up to 256.0 KiB, in units of 128 B, segments up to 1,460 B, zero
               1 time, 5.003 s in all, held the sender up for 5.003 s, probed 6
               times
server window  up to 256.0 KiB, in units of 128 B, segments up to 1,460 B
loss           nothing was sent again
end            the server sent a reset of its own accord (frame 1,243, 7.352 s)
filter         tcp.port == 51234 && tcp.port == 7000 && ip.addr == 10.0.0.2`,
  );
  assertEquals(
    last,
    `capture        pcapng, 3.3 MiB, 2,750 packets, 2,710 of TCP, 10.000 s, from
               2026-11-26T03:12:09.123Z on`,
  );
});

Deno.test("reportText() tells of gaps, and of proofs", () => {
  const text = plain(report([recovered()]), { width: 180 });
  assertStringIncludes(text, "the client: slow consumer, recovered · likely: little else explains");
  assertStringIncludes(text, "until it opened; the sender probed the window (3 probes)");
  assertStringIncludes(text, "until it opened; the sender went on as soon as it could");
  assertStringIncludes(
    text,
    "outage   8.000 s to 8.700 s  0.700 s: packets were sent again and again, nothing came back " +
      "from the client",
  );
  const unproven = slowConsumer();
  unproven.stalls[0] = { ...unproven.stalls[0], proof: undefined, zeroMs: 0, smallestWindow: 512 };
  unproven.gaps = [
    { kind: "silence", side: "server", frame: 9, fromMs: 10, toMs: 20, ended: false },
  ];
  const other = plain(report([unproven]), { width: 180 });
  assertStringIncludes(other, "512 B left, until the connection ended; whether the sender had to");
  assertStringIncludes(other, "the server sent no data, though it could, and nothing came after");
});

Deno.test("reportText() shows the longest stalls and counts the others", () => {
  const stalls = Array.from({ length: 30 }, (_, i) => ({
    ...slowConsumer().stalls[0],
    ...{ fromMs: i * 100, toMs: i * 100 + i + 1, endedBy: "opened" as const },
  }));
  const text = plain(report([slowConsumer({ stalls, moreStalls: 7 })]), { width: 180 });
  assertEquals(text.match(/^stall /gm)?.length, 12);
  assertStringIncludes(text, "\nand 25 shorter ones\n");
  assertStringIncludes(text, "2.900 s to 2.930 s  0.030 s");
});

Deno.test("reportText() says of a refused connection what there is to say, without a timeline", () => {
  const text = plain(report([refused()]));
  assertStringIncludes(text, "Nothing listens on [fd00::9]:7001");
  assertStringIncludes(text, "round trip     could not be measured");
  assertStringIncludes(text, "server window  not known");
  assertStringIncludes(text, "&& ipv6.addr == fd00::2");
  assert(!text.includes("█"));
});

Deno.test("reportText() says what limits what it can say", () => {
  const text = plain(report([unknown()]), { width: 100 });
  assertStringIncludes(text, "roles          the lower port is taken to be the server's");
  assertStringIncludes(text, "captured       at an unknown place");
  assertStringIncludes(text, "note           only the packets of the server were captured");
  assertStringIncludes(text, "note           the handshake was not captured");
});

Deno.test("reportText() shows both of two verdicts, the first first", () => {
  const text = plain(report([twoVerdicts()]));
  const [first, second] = text.split("\n\n");
  assertStringIncludes(first, "stopped reading");
  assertStringIncludes(second, "One packet in ten got lost");
  assertStringIncludes(second, "  Next: Look at the cable.");
  assertStringIncludes(second, "  frame 88  0.140 s  sent again");
  assertStringIncludes(text, "loss           212 packets of the server sent again");
});

Deno.test("reportText() lists many connections worst first, and the worst one in full", () => {
  const text = plain(many(40), { width: 100 });
  const [tally, list, detail] = text.split("\n\n");
  assertEquals(
    tally,
    "40 TCP connections: 1 slow consumer, cut off · 1 slow consumer, recovered · 38 nothing wrong",
  );
  const lines = list.split("\n");
  assertEquals(lines.slice(0, 5), [
    "all to 10.0.0.9:7000, worst first",
    "    client            lasted     data  stalled  end         verdict",
    " 1  10.0.0.2:51234   7.352 s  3.0 MiB  5.003 s  server RST  slow consumer, cut off",
    " 2  10.0.0.3:40001  10.000 s  2.3 MiB  2.000 s  client FIN  slow consumer, recovered",
    " 3  10.0.1.1:20000  10.000 s  2.3 MiB        -  client FIN  nothing wrong",
  ]);
  assertEquals(lines.length, 1 + 1 + 25 + 1);
  assertEquals(lines.at(-1), "and 15 further ones, none of them worse");
  assertEquals(detail.split("\n")[0], "── 1: 10.0.0.2:51234 → 10.0.0.9:7000 ──");
  assert(!text.includes("── 2:"));
  assertStringIncludes(plain(many(40), { details: 2 }), "── 2: 10.0.0.3:40001");
});

Deno.test("reportText() names servers that differ, what was not kept, and where the file broke", () => {
  const text = plain(mixed(), { width: 130 });
  assertStringIncludes(
    text,
    "1  10.0.0.2:51234   10.0.0.9:7000    7.352 s  3.0 MiB  5.003 s  server RST      " +
      "slow consumer, cut off + packet loss\n2  [fd00::2]:51300  [fd00::9]:7001",
  );
  assertStringIncludes(text, "8 TCP connections: ");
  assertStringIncludes(text, "\nand 3 of which nothing was kept, there were too many");
  assertStringIncludes(text, "\nbroken         the file is broken at byte 3,499,000: a packet of");
  assertStringIncludes(text, "\ntwice          12 packets, counted once");
  assertStringIncludes(text, "\nnote           40 packets of link type 147 were not read");
});

Deno.test("reportText() keeps to the width", () => {
  for (const width of [50, 80, 120]) {
    for (const what of [mixed(), many(30), report([slowConsumer()])]) {
      for (const line of plain(what, { width }).split("\n")) {
        // A table has its columns, and what has no blanks is not cut.
        if (line.length > width) assert(/^ *\d* +[\d.]+ s |^ +lasted/.test(line), line);
      }
    }
  }
});

Deno.test("reportText() of a capture without a connection says so", () => {
  assertEquals(
    firstPart(plain(report([], { capture: capture({ startedAt: undefined }) }))),
    "0 TCP connections in the capture",
  );
});

Deno.test("reportText() has nothing but ASCII if asked", () => {
  const spoken = connection();
  spoken.verdicts[0].sentence = "Nothing – “nothing” — is wrong… 5 µs, é";
  for (const what of [mixed(), many(5), report([spoken])]) {
    // deno-lint-ignore no-control-regex -- all that is not ASCII
    assert(!/[^\x00-\x7f]/.test(plain(what, { ascii: true })));
  }
  assertStringIncludes(
    plain(report([spoken]), { ascii: true }),
    'Nothing - "nothing" - is wrong... 5 us, ?',
  );
});

Deno.test("reportText() lets no text fool the terminal", () => {
  const hostile = connection({ notes: ["\x1b[2J\u202ereversed\nfeigned: line"] });
  hostile.verdicts[0].sentence = "\x1b]0;title\x07 is \r\nwrong";
  hostile.client.address = "10.0.0.2\x1b[31m";
  hostile.verdicts[0].evidence = [{ frame: 1, atMs: 0, what: "\x9b31m" }];
  for (const what of [report([hostile]), report([hostile, hostile])]) {
    const text = plain(what);
    // deno-lint-ignore no-control-regex -- what must not be there
    assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text));
    assert(!/^feigned/m.test(text));
    assertStringIncludes(text, "\\x1b]0;title\\x07 is \\r\\nwrong");
  }
});

Deno.test({
  name: "reportText() colours the sentence by how bad it is, if asked",
  ignore: Deno.noColor,
  fn() {
    const coloured = (what: DoctorReport) => reportText(what, { colour: true });
    assert(coloured(report([slowConsumer()])).startsWith("\x1b[31m\x1b[1mThe client"));
    assert(coloured(report([recovered()])).startsWith("\x1b[33m\x1b[1mThe client"));
    assert(coloured(report([connection()])).startsWith("\x1b[32m\x1b[1mNothing is wrong"));
    assert(!plain(report([slowConsumer()])).includes("\x1b"));
  },
});
