import { assert, assertEquals } from "@std/assert";
import { Coalescing } from "../../src/reader/coalescing.ts";
import { rest } from "../../src/turn.ts";

const ROUND = 8;
const FAST = 2_000_000;

/** A socket that runs empty every `everyMs`, fed at a rate in bytes per millisecond. */
class Feed {
  bytesRead = 0;
  now = 1000;
  readonly coalescing = new Coalescing(this.bytesRead, this.now);

  /** One round of emptied sockets; how many rests were due in it. */
  round(rate: number, everyMs = 0.05): number {
    let rests = 0;
    for (let i = 0; i < ROUND; i++) {
      this.bytesRead += rate * everyMs;
      this.now += everyMs;
      if (this.coalescing.emptied(this.bytesRead, this.now)) rests += 1;
    }
    return rests;
  }
}

Deno.test("emptied() lets no feed rest that is slow enough for each wake-up to count", () => {
  const feed = new Feed();
  for (let i = 0; i < 100; i++) assertEquals(feed.round(400_000), 0);
});

Deno.test("emptied() lets a fast feed rest while that makes it no slower", () => {
  const feed = new Feed();
  feed.round(FAST);
  feed.round(FAST);
  for (let i = 0; i < 100; i++) assertEquals(feed.round(FAST * 1.2), ROUND);
});

Deno.test("emptied() holds off where resting slowed the feed down, and tries again", () => {
  const feed = new Feed();
  feed.round(FAST);
  feed.round(FAST);
  assertEquals(feed.round(FAST * 0.9), ROUND - 1);
  let rounds = 0;
  while (feed.round(FAST) < ROUND) rounds += 1;
  assert(rounds >= 20 && rounds < 50, `${rounds} rounds without rests`);
});

Deno.test("emptied() stops resting within a round when a burst is over", () => {
  const feed = new Feed();
  for (let i = 0; i < 4; i++) feed.round(FAST);
  assertEquals(feed.round(1000), ROUND - 1);
  assertEquals(feed.round(1000), 0);
});

Deno.test("rest() waits as long as it is asked to at least", () => {
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const started = performance.now();
    assert(rest(0.05));
    times.push(performance.now() - started);
  }
  assert(Math.min(...times) >= 0.05, `${Math.min(...times)} ms`);
});
