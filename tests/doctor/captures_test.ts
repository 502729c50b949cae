/** Captures whose truth the kernel's counters and the script that made them tell. */
import { assert, assertEquals } from "@std/assert";
import { type ConnectionReport, diagnose } from "../../doctor/mod.ts";
import { causesOf } from "./causes.ts";
import { type Capture, readCaptures } from "./support/captures.ts";

const SERVER_PORT = 4000;
/** A stall's time by the wire may differ by this share from what the kernel counted. */
const TIME_SHARE = 0.1;

async function reportOf({ bytes }: Pick<Capture, "bytes">): Promise<ConnectionReport> {
  const { connections } = await diagnose(bytes);
  const [connection] = connections.filter(({ server }) => server.port === SERVER_PORT);
  assert(connection !== undefined);
  return connection;
}

/** `4800ms(67.8%)` as 4800; 0 if the kernel says nothing. */
function ms(text: string | null): number {
  return text === null ? 0 : parseFloat(text);
}

for (const capture of readCaptures()) {
  const { label } = capture;

  Deno.test(`diagnose() says of ${label.file} what happened`, async () => {
    const { verdicts, end } = await reportOf(capture);
    const [first] = verdicts;
    assert(
      causesOf(first).includes(label.cause),
      `${label.cause} was expected, got ${first.kind}: ${first.sentence}`,
    );
    if (["client", "server"].includes(label.ended_by)) assertEquals(end.by, label.ended_by);
    if (label.ended_by === "middlebox") assertEquals(end.by, "third_party");
    for (const { evidence } of verdicts) assert(evidence.length > 0);
  });

  Deno.test(`diagnose() counts in ${label.file} as the kernel did`, async () => {
    const { client, rolesKnown } = await reportOf(capture);
    // Of what was not captured only the kernel knows.
    if (!rolesKnown) return;
    const { kernel } = label;
    assertEquals(client.zeroWindows, kernel.zero_window_episodes, "zero windows");
    assertEquals(client.probes, kernel.srv_win_probes, "probes");
    // Not a matter of the reader: its window was used up all the time.
    if (label.cause === "rwnd_limited") return;
    const longer = Math.max(ms(kernel.rwnd_limited), client.zeroWindowMs);
    const difference = Math.abs(client.stalledMs - longer);
    assert(
      difference <= TIME_SHARE * longer,
      `${client.stalledMs} ms stalled, the kernel and the wire say ${longer}`,
    );
  });

  Deno.test(`diagnose() knows where ${label.file} was captured`, async () => {
    const { vantage, rolesKnown } = await reportOf(capture);
    if (rolesKnown && vantage !== "unknown") assertEquals(vantage, label.capture_side);
  });
}

Deno.test("diagnose() says of a receive buffer that is too small how long it was", async () => {
  const [capture] = readCaptures().filter(({ label }) => label.cause === "rwnd_limited");
  const { client } = await reportOf(capture);
  assert(client.bufferLimitedShare > 0.9, `${client.bufferLimitedShare}`);
  assertEquals(client.stalledMs, 0);
});
