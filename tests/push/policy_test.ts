import { assertEquals } from "@std/assert";
import { type ClientState, judge, judgeAt } from "../../push/policy.ts";

const calm: ClientState = { queueBytes: 0, progressAt: 0, answerUntil: Infinity };

Deno.test("judge() cuts a queue above its limit, not at it", () => {
  const policy = { maxQueueBytes: 100 };
  assertEquals(judge(policy, { ...calm, queueBytes: 100 }, 0), undefined);
  assertEquals(judge(policy, { ...calm, queueBytes: 101 }, 0), "queue_overrun");
  assertEquals(judge({}, { ...calm, queueBytes: 1e12 }, 0), undefined);
});

Deno.test("judge() cuts for no progress only while there is something to send", () => {
  const policy = { noProgressMs: 50 };
  assertEquals(judge(policy, { ...calm, queueBytes: 1 }, 49), undefined);
  assertEquals(judge(policy, { ...calm, queueBytes: 1 }, 50), "no_progress");
  assertEquals(judge(policy, calm, 1_000), undefined);
});

Deno.test("judge() cuts when the answer is late", () => {
  assertEquals(judge({}, { ...calm, answerUntil: 30 }, 29), undefined);
  assertEquals(judge({}, { ...calm, answerUntil: 30 }, 30), "ping_timeout");
});

Deno.test("judgeAt() names the next moment that can bring a cut", () => {
  assertEquals(judgeAt({ noProgressMs: 50 }, { ...calm, queueBytes: 1, progressAt: 7 }), 57);
  assertEquals(judgeAt({ noProgressMs: 50 }, calm), Infinity);
  assertEquals(
    judgeAt({ noProgressMs: 50 }, { queueBytes: 1, progressAt: 7, answerUntil: 20 }),
    20,
  );
});
