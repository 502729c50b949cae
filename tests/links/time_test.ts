import { FakeTime, TimeError } from "@std/testing/time";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

Deno.test("FakeTime moves Date and timers on, in order", () => {
  using time = new FakeTime(1000);
  const ran: [string, number][] = [];
  setTimeout(() => ran.push(["late", Date.now()]), 20);
  setTimeout(() => ran.push(["soon", Date.now()]), 10);
  const every = setInterval(() => ran.push(["every", Date.now()]), 8);
  const cleared = setTimeout(() => ran.push(["cleared", Date.now()]), 5);
  clearTimeout(cleared);
  time.tick(17);
  assertEquals(ran, [["every", 1008], ["soon", 1010], ["every", 1016]]);
  clearInterval(every);
  time.now = 1020;
  assertEquals(ran.at(-1), ["late", 1020]);
  assertEquals([time.start, time.now, new Date().getTime()], [1000, 1020, 1020]);
});

Deno.test("FakeTime gives real time back", async () => {
  const before = Date.now();
  {
    using _time = new FakeTime("2000-01-01T00:00:00Z");
    assertEquals(Date.now(), 946684800000);
    assertThrows(() => new FakeTime(), TimeError, "already faked");
  }
  assert(Date.now() >= before);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertThrows(() => FakeTime.restore(), TimeError, "already restored");
});

Deno.test("FakeTime#tickAsync() lets promises settle first", async () => {
  using time = new FakeTime();
  let fired = false;
  const chain = Promise.resolve().then(() => setTimeout(() => fired = true, 5));
  await time.tickAsync(5);
  await chain;
  assert(fired);
});

Deno.test("FakeTime#runAll() and next() run timers that timers set", async () => {
  using time = new FakeTime(0);
  const ran: number[] = [];
  const again = () => {
    ran.push(Date.now());
    if (ran.length < 3) setTimeout(again, 100);
  };
  setTimeout(again, 100);
  assertEquals(time.next(), true);
  assertEquals(ran, [100]);
  await time.runAllAsync();
  assertEquals(ran, [100, 200, 300]);
  assertEquals(time.next(), false);
});

Deno.test("FakeTime makes AbortSignal.timeout() wait for the clock", () => {
  using time = new FakeTime();
  const signal = AbortSignal.timeout(50);
  time.tick(49);
  assertEquals(signal.aborted, false);
  time.tick(1);
  assertEquals(signal.reason.name, "TimeoutError");
});

Deno.test("FakeTime does not go back", () => {
  using time = new FakeTime(10);
  assertThrows(() => time.now = 9, RangeError, "Cannot set current time in the past");
  assertThrows(() => new FakeTime("nonsense"), TimeError);
});

Deno.test("FakeTime#delay() takes real time, and a signal ends it", async () => {
  using time = new FakeTime(10);
  await time.delay(1);
  assertEquals(time.now, 10);
  const controller = new AbortController();
  const delayed = time.delay(20, { signal: controller.signal });
  controller.abort();
  const reason = await assertRejects(() => delayed, DOMException);
  assertEquals(reason.name, "AbortError");
  // The real one lets the timer of a delay that was ended run out.
  await time.delay(40);
});

Deno.test("FakeTime.restoreFor() runs a callback in real time", async () => {
  using time = new FakeTime(10);
  const real = await FakeTime.restoreFor((add: number) => Date.now() + add, 1);
  assert(real > 1_000_000_000_000);
  assertEquals(Date.now(), time.now);
});
