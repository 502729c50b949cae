import { assert, assertEquals } from "@std/assert";
import { counted, play, queues, times } from "./samples.ts";

Deno.test("a program that reads all between two looks keeps up", () => {
  const { states, last, totals } = play(queues(0, 500, 0, 0, 70_000, 300, 0));
  assertEquals(states, ["keeping_up"]);
  assertEquals(last.sentence, "the program keeps up, nothing waits");
  assertEquals(totals.unreadMax, 70_000);
  assertEquals(totals.stalls, 0);
});

Deno.test("a look at bytes that were not there before does not say that they are read", () => {
  const { statuses } = play(queues(500, 600, 100, 0, 7));
  assertEquals(statuses.map(({ sentence }) => sentence), [
    "500 B wait",
    "600 B wait for 100 ms",
    "the program reads, 100 B wait",
    "the program keeps up, nothing waits",
    "7 B wait",
  ]);
});

Deno.test("bytes that wait and only grow are not read, as far as looks tell", () => {
  const { statuses, last, totals } = play(queues(...times(22, (i) => i * 1000)));
  // That they grow eleven times by chance is out of the question, five times is not.
  assertEquals(statuses.findIndex(({ state }) => state === "not_reading"), 12);
  assertEquals(last.sentence, "no look saw the program read for 2.0 s, 21 kB wait");
  assertEquals(last.certainMs, 0);
  assertEquals(last.arrivingPerSecond, 10_000);
  assertEquals(totals.stalls, 1);
});

Deno.test("when no more comes, it is certain from then on", () => {
  const { statuses, last } = play(
    queues(...times(21, (i) => i * 1000), ...times(40, () => 20_000)),
  );
  assertEquals(statuses[30].sentence, "no look saw the program read for 2.9 s, 20 kB wait");
  assertEquals(last.certainMs, 4000);
  assertEquals(
    last.sentence,
    "the program has not read for 4.0 s, and no look saw it read for 5.9 s, 20 kB wait",
  );
});

Deno.test("bytes that wait and stay as they are, are certainly not read", () => {
  const { last, totals } = play(queues(0, ...times(12, () => 131_072)));
  assertEquals(last.certainMs, 1100);
  assertEquals(last.sentence, "the program has not read for 1.1 s, 131 kB wait");
  assertEquals(totals.longestStallCertainMs, totals.longestStallMs);
});

Deno.test("with the count of all that came, growth alone is certain, too", () => {
  const { last } = play(counted(...times(12, (i): [number, number] => [i * 1000, i * 1000])));
  assertEquals(last.state, "not_reading");
  assertEquals(last.certainMs, last.unreadMs);
  assertEquals(last.readPerSecond, 0);
});

Deno.test("with the count of all that came, who reads less than comes is told from who does not", () => {
  // 10 kB come each 100 ms, 9 kB are read.
  const { states, last } = play(
    counted(...times(40, (i): [number, number] => [i * 1000, i * 10_000])),
  );
  assertEquals(states, ["keeping_up", "behind"]);
  assertEquals(Math.round(last.readPerSecond!), 90_000);
  assertEquals(last.sentence, "the program reads less than comes, 39 kB wait");
  const blind = play(queues(...times(40, (i) => i * 1000)));
  assertEquals(blind.last.state, "not_reading");
  assertEquals(blind.last.certainMs, 0);
});

Deno.test("a read ends a stall, how small it may be, and it stays known how long it was", () => {
  const { states, last, totals } = play(
    queues(...times(21, () => 50_000), 49_999, ...times(3, (i) => 30_000 - i * 10_000), 0),
  );
  assertEquals(states, ["keeping_up", "not_reading", "keeping_up"]);
  assertEquals(last.unread, 0);
  assertEquals(totals.longestStallMs, 2000);
  assertEquals(totals.lastStallMs, 2000);
  assertEquals(totals.longestStallBytes, 50_000);
  assertEquals(totals.unreadMax, 50_000);
});

Deno.test("of several stalls the longest is known, and the last", () => {
  const { totals } = play(
    queues(0, ...times(10, () => 9_000), 0, ...times(20, () => 5_000), 0, ...times(7, () => 1), 0),
  );
  assertEquals(totals.stalls, 3);
  assertEquals(totals.longestStallMs, 1900);
  assertEquals(totals.longestStallBytes, 5_000);
  assertEquals(totals.lastStallMs, 600);
});

Deno.test("two looks far apart are too few to deny a read between them", () => {
  const apart = (count: number, grows: number) =>
    play(times(count, (i) => ({ atMs: i * 5_000, receiveQueue: 1000 + i * grows }))).last.state;
  assertEquals([apart(2, 0), apart(3, 0)], ["keeping_up", "not_reading"]);
  assertEquals([apart(11, 1), apart(12, 1)], ["keeping_up", "not_reading"]);
  // Where all is counted, two are enough.
  const exact = times(2, (i) => ({ atMs: i * 5_000, receiveQueue: 10 + i, received: 10 + i }));
  assertEquals(play(exact).last.state, "not_reading");
});

Deno.test("the time without a read is counted from --stall on", () => {
  const { statuses } = play(queues(...times(30, () => 7)), { stallMs: 2000 });
  assertEquals(statuses.findIndex(({ state }) => state === "not_reading"), 20);
});

Deno.test("nothing that comes is idle only if it is known that nothing comes", () => {
  const some = counted(...times(15, (): [number, number] => [0, 5000]));
  assertEquals(play(some).states, ["keeping_up", "idle"]);
  assertEquals(play(queues(...times(15, () => 0))).states, ["keeping_up"]);
  // What came before the first look is known, too.
  assertEquals(play([{ received: 5000, lastReceivedMs: 60_000 }]).states, ["idle"]);
  const flowing = counted(...times(15, (i): [number, number] => [0, i * 100]));
  assertEquals(play(flowing).states, ["keeping_up"]);
});

Deno.test("ups and downs of a busy socket are not falling behind, growth is", () => {
  const busy = [20_000, 90_000, 400_000, 35_000, 120_000, 250_000, 60_000];
  const { states } = play(queues(...times(200, (i) => busy[i % busy.length])));
  assertEquals(states, ["keeping_up"]);
  // 10 kB come each 100 ms, 15 kB are read each 300 ms.
  const growing = play(queues(...times(60, (i) => i * 5_000 + i % 3 * 5_000)));
  assertEquals(growing.states, ["keeping_up", "behind"]);
});

Deno.test("growth slower than the ups and downs is seen over a longer time", () => {
  // 100 kB up and down, 20 kB more each second.
  const slowly = queues(...times(400, (i) => 50_000 + i * 2000 + (i % 2) * 100_000));
  const { statuses, states } = play(slowly);
  assertEquals(states, ["keeping_up", "behind"]);
  const found = statuses.findIndex(({ state }) => state === "behind");
  assert(found >= 300 && found < 320, `${found}`);
});

Deno.test("who is behind is so until half of what waited is read", () => {
  const up = times(50, (i) => i % 2 === 0 ? 5_000 * i : 5_000 * i - 6_000).map((n) => n + 10_000);
  const high = times(50, (i) => 240_000 + (i % 2) * 9_000);
  const down = times(30, (i) => Math.max(0, 200_000 - i * 12_000));
  const { states, totals } = play(queues(...up, ...high, ...down, ...times(5, () => 0)));
  assertEquals(states, ["keeping_up", "behind", "keeping_up"]);
  assert(totals.behindMs > 5_000, `${totals.behindMs}`);
});

Deno.test("who always has a full buffer is behind, though nothing grows any more", () => {
  const memory = { received: 129_000, receivedMax: 131_072, sent: 0, sentMax: 0, drops: 0 };
  const full = times(60, (i) => ({ receiveQueue: 90_000 + (i % 3) * 10_000, memory }));
  const { states, last } = play(full);
  assertEquals(states, ["keeping_up", "behind"]);
  assertEquals(
    last.sentence,
    "the program reads less than comes, 110 kB wait; the receive buffer is full",
  );
});

Deno.test("the window is told from the memory, and when it shuts from the rate", () => {
  const growing = times(12, (i) => ({
    receiveQueue: i * 1000,
    received: i * 1000,
    memory: { received: i * 2000, receivedMax: 131_072, sent: 0, sentMax: 0, drops: 0 },
  }));
  const { last, totals } = play(growing);
  assertEquals(last.window, "open");
  // 109 kB of memory are left for 54.5 kB, 10 kB come each second.
  assertEquals(Math.round(last.shutInMs! / 100), 55);
  assertEquals(
    last.sentence,
    "the program has not read for 1.0 s, 11 kB wait; " +
      "the window is still open, at this rate it shuts in 5.5 s",
  );
  assertEquals(totals.windowShut, false);
});

Deno.test("a server that asks the closed window tells that it is shut", () => {
  const shut = times(10, () => ({ receiveQueue: 9, serverProbing: true, serverQueue: 3_000_000 }));
  const { last, totals } = play(shut);
  assertEquals(
    last.sentence,
    "the program has not read for 900 ms, 9 B wait; " +
      "the window is shut, the server must wait, 3.0 MB with the server",
  );
  assertEquals(totals.windowShut, true);
});

Deno.test("a SYN without an answer is told", () => {
  const { last, totals } = play(times(21, () => ({ state: "syn_sent" as const })));
  assertEquals(last.sentence, "no answer to the SYN for 2.0 s");
  assertEquals(totals.connectingMs, 2000);
});

Deno.test("a socket that is gone says what its last look saw", () => {
  const { watch } = play(queues(0, 5000, 6000));
  const status = watch.gone(450);
  assertEquals(status.state, "gone");
  assertEquals(status.sentence, "the socket is gone, 6.0 kB were not read at the last look");
  assertEquals(watch.totals.toMs, 450);
  assertEquals(play(queues(5, 0)).watch.gone(300).unread, 0);
});
