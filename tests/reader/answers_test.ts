/** Answers that the server is slow to take: none is lost without a trace, none keeps others waiting for ever. */
import { assert, assertEquals, assertInstanceOf, assertLess } from "@std/assert";
import { type Client, WriteQueueFullError } from "../../mod.ts";
import { ascii, join } from "../framing/bytes.ts";
import {
  assertEnds,
  connected,
  frame,
  receive,
  send,
  serve,
  until,
  within,
} from "../client/harness.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

const lines = { framing: { type: "lines" } } as const;
const pong = { ...lines, respond: [{ match: "PING", send: "PONG\n" }] };

/** A transport whose writes wait until they are let. */
function blocked(): { transport: ScriptedTransport; release: () => void } {
  const transport = new ScriptedTransport();
  const released = Promise.withResolvers<void>();
  const { onWrite } = transport;
  transport.onWrite = async (bytes) => {
    await released.promise;
    return await onWrite(bytes);
  };
  return { transport, release: released.resolve };
}

function text(transport: ScriptedTransport): string {
  return new TextDecoder().decode(join(...transport.written));
}

function framed(client: Client, count: number): Promise<void> {
  return until(() => client.stats().frames === count, `${count} frames`);
}

Deno.test("every ping is answered, however little of the answers may wait", async () => {
  const pings = 50_000;
  const answers = Promise.withResolvers<string>();
  await using server = serve(async (conn) => {
    await send(conn, "PING\n".repeat(pings));
    answers.resolve(await receive(conn, 5 * pings));
  });
  await using client = await connected(server.target, { ...pong, writeQueueBytes: 64 });
  const running = client.run({ batch: () => {} });
  assert(await within(answers.promise, "answers") === "PONG\n".repeat(pings));
  await within(running, "end");
  const { responses, responsesDropped, bytesWritten } = client.stats();
  assertEquals([responses, responsesDropped, bytesWritten], [pings, 0, 5 * pings]);
});

Deno.test("answers that the server did not take are counted when its connection ends", async () => {
  const pings = 1000;
  const size = 64 * 1024;
  const seen = Promise.withResolvers<void>();
  await using server = serve(async (conn) => {
    await send(conn, "PING\n".repeat(pings));
    await seen.promise;
  });
  await using client = await connected(server.target, {
    ...lines,
    respond: [{ match: "PING", send: "x".repeat(size) }],
  });
  const running = client.run({ batch: () => {} });
  await framed(client, pings);
  const before = client.stats();
  assertLess(before.responses, pings);
  assertEquals(before.responsesDropped, 0);
  seen.resolve();
  await within(running.catch(() => {}), "end");
  const { responses, responsesDropped, bytesWritten } = client.stats();
  assertEquals(responses, Math.floor(bytesWritten / size));
  assertEquals(responses + responsesDropped, pings);
});

Deno.test("while answers are owed, nothing that is written later overtakes them", async () => {
  const { transport, release } = blocked();
  await using client = await connected(transport, { ...pong, writeQueueBytes: 12 });
  transport.give(ascii("PING\n".repeat(4)));
  await framed(client, 4);
  const refused = await client.write("a").catch((error) => error);
  assertInstanceOf(refused, WriteQueueFullError);
  assert(refused.message.includes("20 wait and 1 came"), refused.message);
  release();
  await until(() => client.stats().responses === 4, "answers");
  await within(client.write("b"), "write");
  assertEquals(text(transport), "PONG\n".repeat(4) + "b");
});

Deno.test("a rule that is hit all the time does not keep another from being answered", async () => {
  const { transport, release } = blocked();
  await using client = await connected(transport, {
    ...lines,
    writeQueueBytes: 10,
    respond: [{ match: "often", send: "aa" }, { match: "once", send: "bbbbbbbb" }],
  });
  transport.give(ascii("often\n".repeat(100) + "once\n"));
  await framed(client, 101);
  release();
  await until(() => client.stats().responses === 101, "answers");
  const sent = text(transport);
  assertEquals(sent.length, 208);
  assertLess(sent.indexOf("b"), 40);
});

Deno.test("short answers and writes that wait go out in few writes", async () => {
  const { transport, release } = blocked();
  await using client = await connected(transport, pong);
  const writes = Array.from({ length: 1000 }, (_, i) => client.write(`${i}\n`));
  transport.give(ascii("PING\n".repeat(40_000)));
  await framed(client, 40_000);
  release();
  await within(Promise.all(writes), "writes");
  await until(() => client.stats().responses === 40_000, "answers");
  const numbers = Array.from({ length: 1000 }, (_, i) => `${i}\n`).join("");
  assert(text(transport) === numbers + "PONG\n".repeat(40_000));
  assertLess(transport.written.length, 10);
});

Deno.test("an empty answer is none that waits", async () => {
  const { transport, release } = blocked();
  await using client = await connected(transport, {
    ...lines,
    writeQueueBytes: 4,
    respond: [{ match: "PING", send: "" }],
  });
  const filling = client.write("full");
  transport.give(ascii("PING\nPING\n"));
  await framed(client, 2);
  assertEquals(client.stats().responses, 2);
  release();
  await within(filling, "write");
});

Deno.test("what the last read of a connection asked for is not answered on the next", async () => {
  const [first, second] = [new ScriptedTransport(), new ScriptedTransport()];
  const close = first.close.bind(first);
  first.close = () => {
    if (first.starved) first.give(frame("PING"));
    close();
  };
  const dialed = [first, second];
  await using client = await connected(
    { dial: () => Promise.resolve(dialed.shift() ?? null) },
    {
      idleTimeoutMs: 40,
      reconnect: { initialDelayMs: 0 },
      respond: [{ match: "PING", send: "PONG" }],
    },
  );
  const running = client.run({ batch: () => {} });
  await until(() => second.starved, "second connection");
  second.give(frame("data"), null);
  await within(running, "end");
  await assertEnds(client, "exhausted");
  assertEquals([text(first), text(second)], ["", ""]);
  const { frames, responses, responsesDropped } = client.stats();
  assertEquals([frames, responses, responsesDropped], [2, 0, 1]);
});
