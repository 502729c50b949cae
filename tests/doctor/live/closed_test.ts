/** Sockets whose server has closed. */
import { assertEquals } from "@std/assert";
import { liveVerdict } from "../../../doctor/live/verdict.ts";
import { counted, play, type Played, times } from "./samples.ts";

const state = "close_wait" as const;

function verdictOf({ totals, last }: Played): { kind: string; sentence: string } {
  const { kind, sentence } = liveVerdict({ totals, status: last });
  return { kind, sentence };
}

Deno.test("bytes left behind a close are not read, and the FIN is none of them", () => {
  const played = play(times(31, () => ({ state, receiveQueue: 556 })));
  assertEquals(played.last.state, "peer_closed");
  assertEquals(played.last.unread, 555);
  assertEquals(
    played.last.sentence,
    "the server has closed, 555 B are still unread, no read for 3.0 s",
  );
  assertEquals(verdictOf(played).kind, "slow_consumer");
});

Deno.test("a close that the program has not noticed is told, though no byte waits", () => {
  const played = play(times(31, () => ({ state, receiveQueue: 1 })));
  assertEquals(played.last.unread, 0);
  assertEquals(
    played.last.sentence,
    "the server has closed, and the program has not noticed for 3.0 s",
  );
  assertEquals(verdictOf(played), {
    kind: "server_closed",
    sentence: "the server closed, and the program has not noticed for 3.0 s",
  });
});

Deno.test("a program that has read the end and keeps its side open is told", () => {
  const played = play(times(31, () => ({ state, receiveQueue: 0 })));
  assertEquals(
    played.last.sentence,
    "the server has closed, the program has read all and not closed for 3.0 s",
  );
  assertEquals(
    verdictOf(played).sentence,
    "the server closed, and the program kept its side open for 3.0 s",
  );
});

Deno.test("a program that reads what is left and closes has done nothing wrong", () => {
  const left = times(8, (i) => ({ state, receiveQueue: 80_001 - i * 10_000 }));
  const played = play([{ receiveQueue: 80_000 }, ...left, { state, receiveQueue: 0 }]);
  assertEquals(
    played.statuses[1].sentence,
    "the server has closed, 80 kB are still unread, no read for 100 ms",
  );
  assertEquals(
    played.statuses[3].sentence,
    "the server has closed, 60 kB are still unread, and the program reads them",
  );
  assertEquals(verdictOf({ ...played, last: played.watch.gone(1000) }).kind, "nothing_wrong");
});

Deno.test("what came before the close counts, the FIN does not", () => {
  // ss counts the FIN on both sides.
  const { last } = play([
    ...counted([1000, 1000]),
    { state, receiveQueue: 1001, received: 1001 },
    { state, receiveQueue: 501, received: 1001 },
  ]);
  assertEquals(last.unread, 500);
  assertEquals(last.unreadMs, 0);
});

Deno.test("a stall that ends with a close counts as long as it was seen", () => {
  const { totals } = play([
    ...times(11, () => ({ receiveQueue: 5000 })),
    ...times(10, () => ({ state, receiveQueue: 5001 })),
  ]);
  assertEquals(totals.stalls, 1);
  assertEquals(totals.longestStallMs, 2000);
  assertEquals(totals.closeUnnoticedMs, 900);
});

Deno.test("behind a FIN nothing comes, so two looks are enough, however far apart", () => {
  const apart = times(2, (i) => ({ atMs: i * 10_000, state, receiveQueue: 501 }));
  const { last, totals } = play(apart);
  assertEquals(last.certainMs, 10_000);
  assertEquals(totals.stalls, 1);
});
