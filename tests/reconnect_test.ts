/** Coming back: what is said again, what is dropped, how long it takes. */
import { assert, assertEquals } from "@std/assert";
import type { ClientEvent } from "../mod.ts";
import { Backoff, sleep } from "../src/reconnect.ts";
import {
  assertEnds,
  connected,
  delay,
  numbered,
  numbersOf,
  receive,
  refusal,
  send,
  serve,
  until,
  within,
} from "./client/harness.ts";

Deno.test("Backoff draws evenly from 0 to a bound that doubles up to the largest", () => {
  const draws = [0, 0.5, 0.999, 0.25, 0.5];
  const options = { initialDelayMs: 100, maxDelayMs: 500, maxAttempts: 5 };
  const backoff = new Backoff(options, () => draws.shift()!);
  const delays = Array.from({ length: 6 }, () => backoff.next());
  assertEquals(delays, [0, 100, 399.6, 125, 250, undefined]);
  backoff.reset();
  draws.push(1);
  assertEquals([backoff.next(), backoff.attempt], [100, 1]);
});

Deno.test("Backoff stays within its bounds for ever", () => {
  for (const initialDelayMs of [0, 1]) {
    const options = { initialDelayMs, maxDelayMs: 1000, maxAttempts: Infinity };
    const backoff = new Backoff(options, () => 0.999);
    for (let i = 0; i < 2000; i++) assert(backoff.next()! <= 1000);
  }
});

Deno.test("sleep() ends with its signal", async () => {
  const controller = new AbortController();
  const sleeping = sleep(2 ** 31 - 1, controller.signal);
  controller.abort();
  await within(sleeping, "end of the sleep");
  await within(sleep(2 ** 31 - 1, controller.signal), "end of the sleep");
});

Deno.test("reconnect says hello again, counts the epoch up and drops the partial frame", async () => {
  const heard: string[] = [];
  await using server = serve(async (conn, number) => {
    heard.push(await receive(conn, 5));
    await send(conn, numbered(2, 4, number * 10));
    // The beginning of a frame that never comes.
    if (number < 3) await send(conn, "\0\0\0\u0008abc");
    else await conn.read(new Uint8Array(1));
  });
  const events: ClientEvent[] = [];
  await using client = await connected(server.target, {
    hello: "hi",
    handshake: (session) => session.write("you"),
    reconnect: { initialDelayMs: 1 },
    onEvent: (event) => events.push(event),
  });
  const seen: [number, number, number][] = [];
  const running = client.run({
    batch(batch) {
      for (const [i, number] of numbersOf(batch).entries()) {
        seen.push([batch.epoch, number, batch.streamOffset(i)]);
      }
    },
  });
  await until(() => seen.length === 6, "third connection");
  assertEquals(heard, ["hiyou", "hiyou", "hiyou"]);
  const expected = [1, 2, 3].flatMap((n) => [[n, n * 10, 0], [n, n * 10 + 1, 8]]);
  assertEquals(seen as number[][], expected);
  const { reconnects, epoch, partialBytesDropped } = client.stats();
  assertEquals([reconnects, epoch, partialBytesDropped], [2, 3, 14]);
  await client.close();
  await within(running, "end");
  const told = events.map((event) =>
    event.type === "disconnected" ? event.error.reason : event.type
  );
  const comeBack = ["connected", "eof_in_frame", "reconnecting"];
  assertEquals(told, [...comeBack, ...comeBack, "connected", "aborted"]);
  assertEquals((await client.closed).report.epoch, 3);
});

Deno.test("reconnect gives up after maxAttempts, with the last failure", async () => {
  const events: ClientEvent["type"][] = [];
  const error = await refusal("unix:/does/not/exist.sock", {
    reconnect: { initialDelayMs: 0, maxAttempts: 3 },
    onEvent: ({ type }) => events.push(type),
  });
  assertEquals(error.code, "ENOENT");
  const attempt = ["disconnected", "reconnecting"];
  assertEquals(events, [...attempt, ...attempt, ...attempt, "disconnected"]);
});

Deno.test("close() while waiting to reconnect ends the client as closed by this side", async () => {
  await using server = serve((conn) => send(conn, numbered(1)));
  const waiting = Promise.withResolvers<void>();
  await using client = await connected(server.target, {
    reconnect: { initialDelayMs: 1e9, maxDelayMs: 1e9 },
    onEvent: ({ type }) => type === "reconnecting" && waiting.resolve(),
  });
  const running = client.run({ batch: () => {} });
  await within(waiting.promise, "wait");
  const refused = await client.write("anyone?").catch((error) => error);
  assertEquals(refused.reason, "eof");
  await within(client.close(), "close");
  // Resolves: it is what the user wanted.
  await within(running, "end");
  await assertEnds(client, "aborted");
});

Deno.test("a signal stops connect() from trying again", async () => {
  const controller = new AbortController();
  const error = await refusal("unix:/does/not/exist.sock", {
    reconnect: { initialDelayMs: 1e9, maxDelayMs: 1e9 },
    signal: controller.signal,
    onEvent: ({ type }) => type === "reconnecting" && controller.abort(),
  });
  assertEquals(error.reason, "aborted");
});

Deno.test("frames of the last connection are delivered before those of the next", async () => {
  await using server = serve(async (conn, number) => {
    await send(conn, numbered(3, 4, number * 10));
    if (number === 2) await conn.read(new Uint8Array(1));
  });
  await using client = await connected(server.target, { reconnect: { initialDelayMs: 1 } });
  const seen: number[] = [];
  for await (const batch of client) {
    await delay(5);
    seen.push(...numbersOf(batch));
    if (seen.length === 6) break;
  }
  assertEquals(seen, [10, 11, 12, 20, 21, 22]);
});
