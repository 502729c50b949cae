import { assert, assertEquals } from "@std/assert";
import { Coalescing, type ReadMode } from "../../src/reader/coalescing.ts";
import { rest } from "../../src/turn.ts";

const WINDOW_MS = 20;
const FAST = 2_000_000;
const SLOW = 400_000;

/** A feed whose rate, in bytes per millisecond, depends on how it is read. */
class Feed {
  bytesRead = 0;
  now = 1000;
  readonly coalescing: Coalescing;

  constructor(other: "eager" | "plain" = "eager") {
    this.coalescing = new Coalescing(other, this.bytesRead, this.now);
  }

  /** How it is read in each of so many windows. */
  windows(count: number, rateOf: (mode: ReadMode) => number): ReadMode[] {
    const modes: ReadMode[] = [];
    for (let i = 0; i < count; i++) {
      modes.push(this.coalescing.mode);
      for (let ms = 0; ms < WINDOW_MS; ms++) {
        this.bytesRead += rateOf(this.coalescing.mode);
        this.now += 1;
        this.coalescing.observe(this.bytesRead, this.now);
      }
    }
    return modes;
  }
}

/** Rates of a feed that is read faster one way. */
const faster = (eager: number) => (mode: ReadMode) => mode === "eager" ? FAST * eager : FAST;

const share = (modes: ReadMode[], mode: ReadMode) =>
  modes.filter((each) => each === mode).length / modes.length;

Deno.test("mode stays plain for a feed slow enough for each wake-up to count", () => {
  const feed = new Feed();
  assertEquals(share(feed.windows(100, () => SLOW), "plain"), 1);
});

Deno.test("mode rests where eager reading is not faster, and asks ever more seldom", () => {
  for (const eager of [0.5, 1, 1.09]) {
    const feed = new Feed();
    feed.windows(100, faster(eager));
    const modes = feed.windows(1000, faster(eager));
    assert(share(modes, "resting") > 0.96, `${share(modes, "resting")} at ${eager}`);
    assert(modes.includes("eager"));
    assert(!modes.includes("plain"));
  }
});

Deno.test("mode reads eagerly where that is faster", () => {
  const feed = new Feed();
  feed.windows(10, faster(1.2));
  assert(share(feed.windows(1000, faster(1.2)), "eager") > 0.9);
});

Deno.test("mode is never eager where only resting and plain are to choose from", () => {
  const rateOf = (gain: number) => (mode: ReadMode) => mode === "plain" ? FAST * gain : FAST;
  for (const [gain, mode] of [[1, "resting"], [1.2, "plain"]] as const) {
    const feed = new Feed("plain");
    feed.windows(30, rateOf(gain));
    const modes = feed.windows(1000, rateOf(gain));
    assert(share(modes, mode) > 0.9, `${share(modes, mode)} ${mode} at ${gain}`);
    assertEquals(share(modes, "eager"), 0);
  }
});

Deno.test("mode finds out when the other way has become the faster one", () => {
  const feed = new Feed();
  feed.windows(500, faster(1.2));
  feed.windows(100, faster(0.9));
  assert(share(feed.windows(500, faster(0.9)), "resting") > 0.9);
});

Deno.test("mode is not misled by what the mode before has left in the socket", () => {
  const feed = new Feed();
  let before: ReadMode = "plain";
  // Whatever is begun is twice as fast for a window.
  const modes = feed.windows(500, (mode) => {
    const rate = faster(1)(mode);
    const left = mode !== before;
    before = mode;
    return left ? 20 * rate : rate;
  });
  assert(share(modes, "resting") > 0.9);
});

Deno.test("mode is not misled by single windows that are slow for another reason", () => {
  for (const [eager, mode] of [[1.2, "eager"], [0.9, "resting"]] as const) {
    const feed = new Feed();
    let windows = 0;
    // Of every five windows, two are three times as slow, in turn those of all trials.
    const modes = feed.windows(3000, (each) => {
      const slow = Math.floor(windows++ / WINDOW_MS) * 2 % 5 < 2;
      return faster(eager)(each) / (slow ? 3 : 1);
    });
    assert(share(modes, mode) > 0.9, `${share(modes, mode)} ${mode} at ${eager}`);
  }
});

Deno.test("mode is plain again within a window when a burst is over", () => {
  for (const eager of [0.9, 1.2]) {
    const feed = new Feed();
    feed.windows(30, faster(eager));
    assertEquals(feed.windows(3, () => 1000).slice(1), ["plain", "plain"]);
    assertEquals(feed.windows(3, faster(eager)).includes("resting"), true);
  }
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
