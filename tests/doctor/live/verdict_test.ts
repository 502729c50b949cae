import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Sample } from "../../../doctor/live/sample.ts";
import { type LiveVerdict, liveVerdict } from "../../../doctor/live/verdict.ts";
import { counted, play, queues, times } from "./samples.ts";

function verdictOf(samples: Partial<Sample>[]): LiveVerdict {
  const { totals, last } = play(samples);
  return liveVerdict({ totals, status: last });
}

Deno.test("a program that did not read is a slow consumer, and it is said what came of it", () => {
  const still = verdictOf(queues(0, ...times(32, () => 560_000)));
  assertEquals(still, {
    kind: "slow_consumer",
    confidence: "certain",
    sentence: "the program did not read for 3.1 s, 560 kB waited; it still does not read",
    next: "find out what the process does instead of reading (a stack dump, a profile)",
  });
  const read = verdictOf(queues(...times(32, () => 560_000), 0));
  assertStringIncludes(read.sentence, "; it has read on since");
  const shut = verdictOf(times(12, () => ({ receiveQueue: 5, serverProbing: true })));
  assertStringIncludes(shut.sentence, "5 B waited, and the server had to wait;");
});

Deno.test("of stalls that are not certain it is said that no look saw a read, and what would tell", () => {
  const { confidence, sentence, next } = verdictOf(queues(...times(22, (i) => i * 10)));
  assertEquals(confidence, "likely");
  assertStringIncludes(sentence, "no look saw the program read for 2.0 s, 210 B waited");
  assertStringIncludes(next, "--allow-run=ss");
});

Deno.test("of several stalls the longest is told", () => {
  const stall = (count: number) => queues(...times(count, () => 9), 0);
  const { sentence } = verdictOf([...stall(8), ...stall(20), ...stall(9)]);
  assertEquals(
    sentence,
    "the program did not read for 1.9 s at the longest of 3 times, 9 B waited; it has read on since",
  );
});

Deno.test("a program that read less than came is a slow consumer", () => {
  const { kind, sentence } = verdictOf(
    counted(...times(60, (i): [number, number] => [i * 1000, i * 10_000])),
  );
  assertEquals(kind, "slow_consumer");
  assertEquals(
    sentence,
    "the program reads, but for 2.9 s less than came, up to 59 kB waited",
  );
});

Deno.test("a program for which no more fits half of the time is not said to keep up, however briefly it is watched", () => {
  // It reads between any two looks, and what it reads is there again.
  const looks = (share: number): Partial<Sample>[] =>
    times(20, (i) => ({
      receiveQueue: 80_000 - i % 2,
      received: i * 100_000,
      serverProbing: i % 10 < share * 10,
    }));
  const { kind, confidence, sentence } = verdictOf(looks(0.7));
  assertEquals([kind, confidence], ["slow_consumer", "likely"]);
  assertEquals(
    sentence,
    "the program reads, but for 1.2 s of 1.9 s no more fitted, up to 80 kB waited, and the server had to wait",
  );
  assertEquals(verdictOf(looks(0.3)).kind, "nothing_wrong");
});

Deno.test("a SYN without an answer is no matter of reading", () => {
  const { kind, sentence } = verdictOf(times(30, () => ({ state: "syn_sent" as const })));
  assertEquals(kind, "timed_out");
  assertEquals(sentence, "the server has not answered the SYN for 2.9 s");
});

Deno.test("a program that kept up is not blamed, and no more is said than was seen", () => {
  assertEquals(
    verdictOf(queues(0, 9000, 0, 0)).sentence,
    "the program kept up for 300 ms, at most 9.0 kB waited",
  );
  const nothing = verdictOf(queues(...times(21, () => 0)));
  assertEquals(nothing.kind, "nothing_wrong");
  assertEquals(nothing.sentence, "nothing waited unread at any of 21 looks in 2.0 s");
  assertEquals(verdictOf(queues(0)).confidence, "possible");
});

Deno.test("who was at fault when a socket with unread bytes is gone can't be seen", () => {
  const { watch, totals } = play(queues(0, 9000, 7000));
  const { kind, sentence } = liveVerdict({ totals, status: watch.gone(300) });
  assertEquals(kind, "unknown");
  assertStringIncludes(sentence, "the socket is gone with 7.0 kB unread");
});

Deno.test("what to do next follows from what the process does", () => {
  const { totals, last: status } = play(queues(...times(12, () => 9)));
  const next = (
    doing: "computes" | "sleeps" | "dead" | "waits_for_disk" | "stopped",
    pid?: number,
  ) => liveVerdict({ totals, status, activity: { doing, cores: undefined }, pid }).next;
  assertStringIncludes(next("computes", 7), "profile process 7");
  assertStringIncludes(next("sleeps", 7), "take a stack dump of process 7");
  assertStringIncludes(next("stopped"), "kill -CONT PID");
  assertStringIncludes(next("waits_for_disk"), "disk");
  assertStringIncludes(next("dead"), "parent");
});
