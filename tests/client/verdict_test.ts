/** Verdicts, most on times that are given: a connection's own vary with the machine. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, DisconnectError } from "../../mod.ts";
import type { DisconnectReason } from "../../src/reason.ts";
import { HoldMeter } from "../../src/status.ts";
import { report, type Verdict } from "../../src/verdict.ts";

/** Of a connection of `livedMs` whose handler held the loop for `heldMs` at its end, the socket never seen empty. */
function verdictOf(livedMs: number, heldMs: number, reason: DisconnectReason = "eof"): Verdict {
  const meter = new HoldMeter();
  // A whole number, so that differences are exact.
  const connectedAt = Math.ceil(performance.now());
  const endedAt = connectedAt + livedMs;
  meter.held(heldMs, 1, endedAt);
  return report({ reason, epoch: 1, bytes: 34, frames: 1, connectedAt, endedAt, meter }).verdict;
}

Deno.test("a server that closes at once is not put down to a call of a millisecond", () => {
  const { kind, sentence } = verdictOf(4, 1.1);
  assertEquals(kind, "not_this_side");
  assertEquals(sentence, "reads waited only 1.1 ms: the cause is not on this side");
  assertEquals(verdictOf(5.4, 3).kind, "not_this_side");
  assertEquals(verdictOf(5.4, 5.4, "reset").kind, "not_this_side");
  for (const heldMs of [0.1, 0.6, 0.9]) {
    assertEquals(verdictOf(heldMs + 0.1, heldMs, "reset"), {
      kind: "not_this_side",
      sentence: "reads were never paused: the cause is not on this side",
    });
  }
});

Deno.test("what a handler held is not called a pause of reading", () => {
  assertEquals(verdictOf(1000, 300, "reset"), {
    kind: "unclear",
    sentence: "your handler held the read loop 300 ms of the last 1.0 s: " +
      "that may be why the server dropped you, but need not",
  });
  assertEquals(verdictOf(1000, 60, "reset"), {
    kind: "not_this_side",
    sentence: "reads waited only 60 ms of the last 1.0 s: the cause is not on this side",
  });
  assertEquals(verdictOf(1000, 600, "reset").kind, "slow_consumer");
  assertEquals(verdictOf(40, 30, "reset").kind, "slow_consumer");
});

Deno.test("a loop that computes is told as what held the read loop, batch after batch and up to the end", async () => {
  const [blockMs, livesMs] = [400, 1500];
  const endsAt = performance.now() + livesMs;
  const transport = {
    read(room: Uint8Array): Promise<number> {
      if (performance.now() > endsAt) {
        return Promise.reject(new Deno.errors.ConnectionReset("os error 104"));
      }
      return Promise.resolve(room.fill(0x0a, 0, 4).subarray(0, 4).length);
    },
    write: (bytes: Uint8Array) => Promise.resolve(bytes.length),
    close() {},
  };
  const client = await connect(transport, { framing: { type: "lines" } });
  const { report } = await assertRejects(async () => {
    for await (const _ of client) {
      // What is left behind the end is not what ended it.
      const until = Math.min(performance.now(), endsAt) + blockMs;
      while (performance.now() < until);
    }
  }, DisconnectError);
  assertEquals(report.verdict.kind, "slow_consumer", report.verdict.sentence);
  const { slowestCall, heldMs, connectedMs } = report;
  assert(heldMs <= connectedMs + 1, `${heldMs} of ${connectedMs}`);
  assert(slowestCall!.heldMs < 2 * blockMs, `${slowestCall!.heldMs}`);
});
