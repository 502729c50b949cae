/** Verdicts, most on times that are given: a connection's own vary with the machine. */
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Client, connect, DisconnectError, type DisconnectReport } from "../../mod.ts";
import type { DisconnectReason } from "../../src/reason.ts";
import { journalBy, spillBy } from "../../src/backlog/spill_to.ts";
import { HoldMeter } from "../../src/hold_meter.ts";
import { openSpill } from "../../src/spill/open.ts";
import { report, type Verdict } from "../../src/verdict.ts";
import { SLAB_BYTES } from "../backlog/left_behind.ts";
import { FaultDisk } from "../spill/fault_disk.ts";
import { random } from "../spill/random.ts";
import { ScriptedTransport } from "../transport/scripted.ts";
import { assertEnds, connected, delay, FRAMING, numbered, until, within } from "./harness.ts";

function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const RESET = new Deno.errors.ConnectionReset("os error 104");

async function reportOf(client: Client): Promise<DisconnectReport> {
  return (await assertEnds(client, "reset")).report;
}

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
  assertEquals(
    sentence,
    "reads waited only 1.1 ms of the last 4.0 ms: the cause is not on this side",
  );
  assertEquals(verdictOf(5.4, 3).kind, "not_this_side");
  assertEquals(verdictOf(5.4, 5.4, "reset").kind, "not_this_side");
  for (const heldMs of [0.1, 0.6, 0.9]) {
    assertEquals(verdictOf(heldMs + 0.1, heldMs, "reset"), {
      kind: "not_this_side",
      sentence: "reads were never paused: the cause is not on this side",
    });
  }
});

Deno.test("calls and pauses in turn, however short, are all summed up in memory that does not grow", () => {
  const meter = new HoldMeter();
  const heapBefore = Deno.memoryUsage().heapUsed;
  let now = performance.now();
  for (let i = 0; i < 1_500_000; i++) {
    meter.held(0.0004, 1, now += 0.001);
    meter.waited("handler", 0.0006, now += 0.001);
  }
  const grown = Deno.memoryUsage().heapUsed - heapBefore;
  // One entry for each is 200 MB; numbers not collected yet are a tenth of that.
  assert(grown < 60e6, `${grown} bytes`);
  const { held, handler } = meter.recent(now, 3000);
  assertAlmostEquals(held, 600, 20);
  assertAlmostEquals(handler, 900, 20);
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

Deno.test("what a loop's body holds is told from its first batch on, with the frames it had", async () => {
  const transport = new ScriptedTransport(numbered(1));
  await using client = await connected(transport);
  let rounds = 0;
  await assertRejects(async () => {
    for await (const _ of client) {
      spin(120);
      transport.give(++rounds < 4 ? numbered(1) : RESET);
    }
  }, DisconnectError);
  const { heldMs, slowestCall, verdict } = await reportOf(client);
  assertEquals(verdict.kind, "slow_consumer", verdict.sentence);
  assert(heldMs >= 480, `${heldMs}`);
  assertEquals(slowestCall?.frames, 1);
});

Deno.test("a loop whose body is slow for each frame gets few of them at a time", async () => {
  const [frames, frameMs] = [400, 1];
  const transport = new ScriptedTransport(numbered(frames), null);
  await using client = await connected(transport);
  const counts: number[] = [];
  for await (const batch of client) {
    spin(batch.count * frameMs);
    counts.push(batch.count);
  }
  assertEquals(counts.reduce((sum, count) => sum + count), frames);
  // 10 ms is the budget; a size is doubled now and then, to see what it costs.
  assert(Math.max(...counts) <= 40, `${counts}`);
});

Deno.test("other code that keeps the thread from reading is told as that, and no handler is blamed", async () => {
  const transport = new ScriptedTransport(numbered(1));
  await using client = await connected(transport);
  const running = client.run({ batch() {} }).catch(() => {});
  setTimeout(() => {
    spin(1200);
    transport.give(RESET);
  }, 1);
  const report = await reportOf(client);
  await running;
  assertEquals(report.verdict.kind, "slow_consumer", report.verdict.sentence);
  assertMatch(
    report.verdict.sentence,
    /^this thread was kept from reading .* by other code/,
  );
  assert(report.blockedMs > 800, `${report.blockedMs}`);
  assert(report.recentUnreadMs >= report.recentBlockedMs, `${report.recentUnreadMs}`);
  assertEquals(client.stats().blockedMs, report.blockedMs);
});

Deno.test("silence behind a call is no time in which bytes waited", async () => {
  const transport = new ScriptedTransport(numbered(1));
  await using client = await connected(transport);
  const running = client.run({ batch: () => spin(15) }).catch(() => {});
  await delay(1500);
  transport.give(RESET);
  const { recentUnreadMs, verdict } = await reportOf(client);
  await running;
  assertEquals(verdict.kind, "not_this_side", verdict.sentence);
  assert(recentUnreadMs >= 15 && recentUnreadMs < 750, `${recentUnreadMs}`);
});

Deno.test("a busy handler between two looks at an empty socket is not blamed, and the looks are told", () => {
  const meter = new HoldMeter();
  const connectedAt = Math.ceil(performance.now());
  let now = connectedAt;
  for (; now < connectedAt + 4000; now += 20) {
    meter.idle(now);
    meter.held(15, 1, now + 15);
    meter.empty(now + 15);
  }
  const { verdict } = report({
    reason: "reset",
    epoch: 1,
    bytes: 34,
    frames: 1,
    connectedAt,
    endedAt: now,
    meter,
  });
  assertEquals(verdict, {
    kind: "not_this_side",
    sentence: "the socket was read to empty at least every 15 ms: the cause is not on this side",
  });
});

/** What a client is told that paused, went on when that was `over` 300 ms later, and was then cut off. */
async function cutOffBehindPause(
  client: Client,
  transport: ScriptedTransport,
  over: PromiseWithResolvers<void>,
  running: Promise<void>,
): Promise<Verdict> {
  await until(() => client.stats().pauses > 0, "pause");
  await delay(300);
  over.resolve();
  await until(() => transport.starved, "whole stream");
  transport.give(RESET);
  await within(running.catch(() => {}), "end");
  return (await reportOf(client)).verdict;
}

const SENTENCES = {
  handler: /^reading was paused .* because your handler kept the buffer full;/,
  disk: /^reading was paused .* because the disk took frames slower than they came, or not at all;/,
  tap: /^reading was paused .* because your tap was behind;/,
};

Deno.test("a pause is put down to the disk that frames wait for, unless a handler keeps the rest in memory", async () => {
  for (
    const [overflow, beside, expected] of [
      [journalBy, false, "disk"],
      [spillBy, false, "disk"],
      [spillBy, true, "handler"],
    ] as const
  ) {
    const disk = new FaultDisk(random(1));
    const over = Promise.withResolvers<void>();
    const waits: string[] = [];
    const transport = new ScriptedTransport(numbered(20_000, 60));
    const whenFull = overflow((_, options) => openSpill(disk, options), disk.path, {});
    await using client = await connect(transport, {
      framing: FRAMING,
      onEvent: (event) => event.type === "paused" && waits.push(event.waitsFor),
      bufferBytes: 2 * SLAB_BYTES,
      ...beside ? { handlers: { disk: { whenFull }, memory: {} } } : { whenFull },
    });
    disk.writeHeld = over.promise;
    const handler = { batch: () => over.promise };
    const running = client.run(beside ? { disk: handler, memory: handler } : handler);
    const { kind, sentence } = await cutOffBehindPause(client, transport, over, running);
    assertEquals(kind, "slow_consumer");
    assertMatch(sentence, SENTENCES[expected]);
    assertEquals(waits[0], expected);
  }
});

Deno.test("a pause is put down to the handler where a spill is full, for only that makes room", async () => {
  const options = { segmentBytes: SLAB_BYTES, maxBytes: 4 * SLAB_BYTES };
  for (const overflow of [journalBy, spillBy]) {
    const disk = new FaultDisk(random(1));
    const over = Promise.withResolvers<void>();
    const transport = new ScriptedTransport(numbered(40_000, 60));
    await using client = await connected(transport, {
      bufferBytes: 2 * SLAB_BYTES,
      whenFull: overflow((_, options) => openSpill(disk, options), disk.path, options),
    });
    const running = client.run({ batch: () => over.promise });
    const { kind, sentence } = await cutOffBehindPause(client, transport, over, running);
    assertEquals(kind, "slow_consumer");
    assertMatch(sentence, SENTENCES.handler);
  }
});

Deno.test("a pause is put down to the tap that is behind", async () => {
  const over = Promise.withResolvers<void>();
  const transport = new ScriptedTransport(numbered(1000));
  await using client = await connected(transport, { tap: () => over.promise });
  const { kind, sentence } = await cutOffBehindPause(
    client,
    transport,
    over,
    client.run({ batch() {} }),
  );
  assertEquals(kind, "slow_consumer");
  assertMatch(sentence, SENTENCES.tap);
});
