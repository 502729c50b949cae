/** What a handler may do to a client: throw, close it, write, be the second one. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { type Batch, type Client, DisconnectError, type Handler, HandlerError } from "../../mod.ts";
import {
  assertEnds,
  connected,
  FRAMING,
  numbered,
  numbersOf,
  receive,
  send,
  serve,
  serveBytes,
  serveThenWait,
  until,
  within,
} from "../client/harness.ts";

/** What `client.run(handler)` is rejected with. */
async function failure(client: Client, handler: Handler): Promise<HandlerError> {
  return await within(assertRejects(() => client.run(handler), HandlerError), "rejection");
}

for (const [how, rejects] of [["throws", false], ["rejects", true]] as const) {
  Deno.test(`run() rejects with a HandlerError when batch() ${how}, and calls it no more`, async () => {
    await using server = serveThenWait(numbered(1000, 12));
    await using client = await connected(server.target);
    await until(() => client.stats().frames === 1000, "frames");
    const thrown = new Error("out of ink");
    let calls = 0;
    let end: Error | undefined;
    const error = await failure(client, {
      batch() {
        if (++calls < 3) return;
        if (rejects) return Promise.reject(thrown);
        throw thrown;
      },
      close: () => void (end = thrown),
    });
    assertEquals([calls, error.cause, end], [3, thrown, thrown]);
    // One frame, two frames, and then the batch that begins with the fourth.
    assertEquals([error.epoch, error.offset], [1, 3 * 16]);
    assert(error.message.includes("out of ink"), error.message);
    const { framesDelivered, framesDropped } = client.stats();
    assertEquals([framesDelivered, framesDropped], [7, 993]);
    const closed = await assertEnds(client, "handler");
    assertEquals([closed.report.verdict.kind, closed.cause], ["this_side", error]);
  });
}

Deno.test("run() rejects with a HandlerError when open() throws, and closes the client", async () => {
  await using server = serveThenWait(numbered(1));
  await using client = await connected(server.target);
  const error = await failure(client, {
    open: () => Promise.reject(new Error("no disk")),
    batch: () => {},
  });
  assertEquals([error.offset, (error.cause as Error).message], [undefined, "no disk"]);
  await assertEnds(client, "aborted");
});

Deno.test("run() rejects with a HandlerError when close() throws", async () => {
  await using server = serveBytes(numbered(1));
  await using client = await connected(server.target);
  const handler: Handler = {
    batch: () => {},
    close() {
      throw "a string";
    },
  };
  assertEquals((await failure(client, handler)).cause, "a string");
  await assertEnds(client, "eof");
});

Deno.test("run() calls open, then batch, then close behind the last batch", async () => {
  await using server = serveBytes(numbered(100));
  await using client = await connected(server.target);
  const calls: string[] = [];
  await within(
    client.run({
      async open() {
        await until(() => client.stats().frames === 100, "frames");
        calls.push("open");
      },
      async batch(batch, { stats }) {
        await undefined;
        calls.push(`${batch.count}`);
        assert(stats().framesDelivered > 0);
      },
      close: () => void calls.push("close"),
    }),
    "end",
  );
  assertEquals([calls[0], calls.at(-1)], ["open", "close"]);
  assertEquals(calls.slice(1, -1).reduce((sum, count) => sum + Number(count), 0), 100);
});

Deno.test("close() within a synchronous handler is its last call", async () => {
  await using server = serveThenWait(numbered(1000));
  await using client = await connected(server.target);
  await until(() => client.stats().frames === 1000, "frames");
  let calls = 0;
  let closing: Promise<void> | undefined;
  await within(
    client.run({
      batch: () => {
        calls += 1;
        closing ??= client.close();
      },
    }),
    "end",
  );
  await within(closing!, "close");
  assertEquals([calls, client.stats().framesDropped], [1, 999]);
  await assertEnds(client, "aborted");
});

Deno.test("close() awaited within an asynchronous handler does not deadlock", async () => {
  await using server = serveThenWait(numbered(1000));
  await using client = await connected(server.target);
  const numbers: number[] = [];
  await within(
    client.run({
      async batch(batch, { signal }) {
        await client.close();
        assert(signal.aborted);
        // Still on loan.
        numbers.push(...numbersOf(batch));
      },
    }),
    "end",
  );
  assertEquals(numbers, [0]);
});

Deno.test("a handler answers with what its batch holds", async () => {
  const answer = Promise.withResolvers<string>();
  await using server = serve(async (conn) => {
    await send(conn, numbered(8));
    answer.resolve(await receive(conn, 8 * 4));
  });
  await using client = await connected(server.target);
  client.run({
    batch(batch, { write }) {
      // Not awaited: the bytes must be taken before the batch is given back.
      for (const view of batch) write(view);
    },
  });
  const expected = Array.from({ length: 8 }, (_, i) => `\0\0\0${String.fromCharCode(i)}`).join("");
  assertEquals(await within(answer.promise, "answer"), expected);
});

Deno.test("for await takes every batch, and ends with the connection", async () => {
  await using server = serveBytes(numbered(1000));
  await using client = await connected(server.target);
  const numbers: number[] = [];
  for await (const batch of client) {
    await undefined;
    numbers.push(...numbersOf(batch));
  }
  assertEquals([numbers.length, numbers.at(-1)], [1000, 999]);
});

Deno.test("for await throws what ended the connection, behind the last frame", async () => {
  await using server = serveBytes(numbered(5), "\0\0");
  await using client = await connected(server.target);
  const numbers: number[] = [];
  const loop = async () => {
    for await (const batch of client) numbers.push(...numbersOf(batch));
  };
  const error = await within(assertRejects(loop, DisconnectError), "error");
  assertEquals([error.reason, numbers.length], ["eof_in_frame", 5]);
});

for (const leave of ["break", "return", "throw"]) {
  Deno.test(`for await closes the client on ${leave}`, async () => {
    await using server = serveThenWait(numbered(1000));
    await using client = await connected(server.target);
    await until(() => client.stats().frames === 1000, "frames");
    let batches = 0;
    const loop = async () => {
      for await (const _ of client) {
        batches += 1;
        if (leave === "break") break;
        if (leave === "return") return;
        throw new Error("enough");
      }
    };
    if (leave === "throw") await within(assertRejects(loop, Error, "enough"), "end");
    else await within(loop(), "end");
    await assertEnds(client, "aborted");
    assertEquals([batches, client.stats().batches, client.stats().framesDropped], [1, 1, 999]);
  });
}

Deno.test("a second consumer is refused", async () => {
  await using server = serveThenWait();
  await using client = await connected(server.target);
  const running = client.run({ batch: () => {} });
  await assertRejects(() => client.run({ batch: () => {} }), TypeError, "one consumer");
  await assertRejects(
    async () => {
      for await (const _ of client);
    },
    TypeError,
    "one consumer",
  );
  await client.close();
  await within(running, "end");
});

Deno.test("next() called ahead gives each batch once", async () => {
  await using server = serveThenWait(numbered(3));
  await using client = await connected(server.target);
  const iterator = client[Symbol.asyncIterator]();
  const seen: number[] = [];
  const take = ({ value }: { value: Batch | void }) => {
    assertInstanceOf(value, Object);
    seen.push(value.u32(0, 0));
  };
  await within(Promise.all([iterator.next().then(take), iterator.next().then(take)]), "batches");
  assertEquals(seen, [0, 1]);
  await iterator.return?.();
});

Deno.test("a handler without batch() is refused, and another one may come", async () => {
  await using server = serveThenWait(numbered(3));
  await using client = await connected(server.target, { framing: FRAMING });
  const error = await assertRejects(() => client.run({} as Handler), TypeError);
  assertEquals(error.message, "expected a handler with batch(), got an empty object");
  const running = client.run({ batch: () => void client.close() });
  await within(running, "end");
});

Deno.test("run() rejects with a HandlerError when it can't be seen whether batch() gave a promise", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const unseen = Object.defineProperty({}, "then", { get: () => assert(false) });
  for (const given of [proxy, unseen]) {
    await using server = serveThenWait(numbered(1));
    await using client = await connected(server.target);
    const error = await failure(client, { batch: () => given as Promise<void> });
    assertInstanceOf(error.cause, Error);
    await assertEnds(client, "handler");
  }
});

Deno.test("what batch() returns need not be a promise, as long as one can wait for it", async () => {
  await using server = serveBytes(numbered(3));
  await using client = await connected(server.target);
  // Its then() gives nothing back, which await takes, too.
  const thenable = { then: (resolve: () => void) => queueMicrotask(resolve) };
  const seen: number[] = [];
  await within(
    client.run({
      batch(batch) {
        seen.push(...numbersOf(batch));
        return thenable as unknown as Promise<void>;
      },
    }),
    "end",
  );
  assertEquals(seen, [0, 1, 2]);
});

Deno.test("an iterator that never asked was given nothing: what waits is dropped and counted", async () => {
  await using server = serveThenWait(numbered(5));
  await using client = await connected(server.target);
  const iterator = client[Symbol.asyncIterator]();
  await until(() => client.stats().frames === 5, "frames");
  await iterator.return?.();
  const { framesDelivered, framesDropped } = client.stats();
  assertEquals([framesDelivered, framesDropped], [0, 5]);
  assertEquals(await iterator.next(), { value: undefined, done: true });
});
