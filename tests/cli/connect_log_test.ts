/** What is said of a feed, to people and to programs. */
import { assertEquals } from "@std/assert";
import { ConnectLog } from "../../cli/connect_log.ts";
import { StatusLine } from "../../cli/status_line.ts";
import type { ClientEvent } from "../../mod.ts";

/** What a log says on standard error of `events`, without colours. */
function said(json: boolean, events: ClientEvent[]): string[] {
  const lines: string[] = [];
  const original = console.error;
  console.error = (line: string) => void lines.push(line);
  try {
    const log = new ConnectLog({
      command: "connect",
      name: "feed",
      json,
      words: { nameOf: (option) => option, idleTimeoutMs: undefined },
      status: new StatusLine(false),
    });
    for (const event of events) log.event(event);
  } finally {
    console.error = original;
  }
  // deno-lint-ignore no-control-regex
  return lines.map((line) => line.replaceAll(/\x1b\[\d*m/g, ""));
}

const CROSSINGS: ClientEvent[] = [
  { type: "high_water", bufferedBytes: 3_000_000 },
  { type: "spill_started" },
  { type: "spill_ended" },
  { type: "low_water", bufferedBytes: 0 },
];

Deno.test("what comes in turns is told people once of each kind, and for each handler", () => {
  const crossings = [...CROSSINGS, ...CROSSINGS, ...CROSSINGS];
  const told = [
    "the buffer fills: 3.0 MB wait",
    "the buffer is full: frames wait on disk",
    "all that waited on disk is handled",
    "the buffer has emptied",
  ];
  assertEquals(said(false, crossings), told);
  const ofBoth = ["prices", "audit"].flatMap((handler) =>
    crossings.map((event) => ({ ...event, handler }))
  );
  assertEquals(
    said(false, ofBoth),
    ["prices", "audit"].flatMap((name) => told.map((line) => `the handler ${name}: ${line}`)),
  );
});

Deno.test("what comes in turns is told programs each time", () => {
  const crossings = [...CROSSINGS, ...CROSSINGS];
  assertEquals(said(true, crossings).map((line) => JSON.parse(line)), crossings);
});
