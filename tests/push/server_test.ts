import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeFrame } from "../../push/encode.ts";
import type { PushEnding, PushEvent } from "../../push/events.ts";
import type { Feed } from "../../push/feed.ts";
import { generatedFeed, recordedFeed } from "../../push/generate.ts";
import { type PushServer, type PushServerOptions, startPushServer } from "../../push/server.ts";

type Ending = Exclude<PushEvent, { type: "accept" }>;

const utf8 = new TextEncoder();
/** 16 KiB frames. */
const bigFrames = (): Feed => generatedFeed({ type: "length_field" }, { size: 16_380, period: 64 });
/** 64 MB in a second: more than the kernel holds for a client that does not read. */
const FAST = { type: "burst", frames: 40, everyMs: 10 } as const;

/** A server whose first ending can be awaited. */
async function serverWithEnding(
  options: PushServerOptions,
): Promise<{ server: PushServer; ending: Promise<Ending>; events: PushEvent[] }> {
  const events: PushEvent[] = [];
  const ended = Promise.withResolvers<Ending>();
  const server = await startPushServer({
    ...options,
    onEvent: (event) => {
      events.push(event);
      if (event.type !== "accept") ended.resolve(event);
    },
  });
  return { server, ending: ended.promise, events };
}

const connect = (server: PushServer): Promise<Deno.TcpConn> =>
  Deno.connect({ port: server.port, hostname: "127.0.0.1" });

/** Reads to the end: the bytes, and `"eof"` or the error's code. */
async function readAll(conn: Deno.Conn): Promise<{ bytes: Uint8Array; end: string }> {
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(64 * 1024);
  let end = "eof";
  try {
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      chunks.push(buffer.slice(0, n));
    }
  } catch (error) {
    end = String((error as { code?: string }).code);
  }
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  chunks.reduce((at, chunk) => (bytes.set(chunk, at), at + chunk.length), 0);
  return { bytes, end };
}

/** The first `frames` frames of a feed. */
function firstFrames(feed: Feed, frames: number): Uint8Array {
  const bytes = new Uint8Array(feed.bytesBefore(frames));
  for (let i = 0; i < frames; i++) bytes.set(feed.piece(i, 1, 0).bytes, feed.bytesBefore(i));
  return bytes;
}

Deno.test("startPushServer() pushes every frame to every client, flat out", async () => {
  const feed = generatedFeed({ type: "lines" }, { size: { min: 1, max: 200 }, period: 1000 });
  const { server, events } = await serverWithEnding({ feed, frames: 12_345, clients: 2 });
  const conns = await Promise.all([connect(server), connect(server)]);
  const results = await Promise.all(conns.map(readAll));
  for (const result of results) {
    assertEquals(result.end, "eof");
    assertEquals(result.bytes, firstFrames(feed, 12_345));
  }
  conns.forEach((conn) => conn.close());
  await server.closed;
  const finishes = events.filter((event) => event.type === "finish");
  assertEquals(finishes.map((event) => event.client).sort(), [1, 2]);
  for (const finish of finishes) {
    assertEquals(finish.framesAccepted, 12_345);
    assertEquals(finish.framesDue, 12_345);
    assertEquals(finish.bytesAccepted, feed.bytesBefore(12_345));
    assertEquals(finish.queueBytes, 0);
  }
});

for (
  const [name, options, reason] of [
    [
      "whose queue overruns",
      { pace: FAST, maxQueueBytes: 4 * 1024 * 1024 },
      "queue_overrun",
    ],
    ["that takes nothing", { noProgressMs: 200 }, "no_progress"],
  ] as const
) {
  for (const [cut, end] of [["rst", "ECONNRESET"], ["fin", "eof"]] as const) {
    Deno.test(`startPushServer() cuts a client ${name} with ${cut}`, async () => {
      const feed = bigFrames();
      const { server, ending } = await serverWithEnding({ feed, ...options, cut });
      await using _ = server;
      using conn = await connect(server);
      const event = await ending;
      assert(event.type === "cut");
      assertEquals([event.reason, event.how], [reason, cut]);
      assertEquals(event.bytesAccepted, feed.bytesBefore(event.framesAccepted));
      assert(event.queueBytes > 0);
      if (reason === "queue_overrun") assert(event.queueBytes > options.maxQueueBytes);
      else assert(event.longestStallMs >= options.noProgressMs);

      const read = await readAll(conn);
      assertEquals(read.end, end);
      assertEquals(
        read.bytes,
        firstFrames(feed, Math.ceil(read.bytes.length / 16_384)).subarray(0, read.bytes.length),
      );
      // A reset loses what the kernel held; an end of file comes after all of it.
      if (cut === "fin") assert(read.bytes.length >= event.bytesAccepted);
    });
  }
}

Deno.test("startPushServer() does not cut a client that reads", async () => {
  const feed = bigFrames();
  const { server, ending } = await serverWithEnding({
    feed,
    pace: { type: "burst", frames: 20, everyMs: 10 },
    frames: 2_000,
    maxQueueBytes: 16 * 1024 * 1024,
    noProgressMs: 10_000,
  });
  await using _ = server;
  using conn = await connect(server);
  const { bytes, end } = await readAll(conn);
  assertEquals([bytes.length, end], [feed.bytesBefore(2_000), "eof"]);
  const event = await ending;
  assertEquals([event.type, event.framesAccepted], ["finish", 2_000]);
});

Deno.test("startPushServer() keeps to its rate", async () => {
  const feed = generatedFeed({ type: "lines" }, { size: 20, period: 16 });
  const pace = { type: "rate", rate: 1_000 } as const;
  const { server, ending } = await serverWithEnding({ feed, pace, frames: 301 });
  await using _ = server;
  using conn = await connect(server);
  assertEquals((await readAll(conn)).bytes, firstFrames(feed, 301));
  const { elapsedMs } = await ending;
  // Frame 301 is due after 300 ms and never earlier; the upper bound is for a busy machine.
  assert(elapsedMs >= 300 && elapsedMs < 6_000, `${elapsedMs} ms`);
});

Deno.test("startPushServer() stops producing after durationMs", async () => {
  const { server, ending } = await serverWithEnding({
    feed: generatedFeed({ type: "lines" }, { size: 20, period: 16 }),
    pace: { type: "burst", frames: 10, everyMs: 100 },
    durationMs: 250,
  });
  await using _ = server;
  using conn = await connect(server);
  await readAll(conn);
  const event = await ending;
  assertEquals([event.type, event.framesAccepted], ["finish", 30]);
});

Deno.test("startPushServer() pushes a recording once", async () => {
  const recording = utf8.encode("as it was\nrecorded\n");
  await using server = await startPushServer({ feed: recordedFeed(recording, { chunkSize: 4 }) });
  using conn = await connect(server);
  assertEquals((await readAll(conn)).bytes, recording);
});

const PING = {
  everyMs: 40,
  withinMs: 60_000,
  send: utf8.encode("PING\n"),
  answer: utf8.encode("PONG\n"),
};

Deno.test("startPushServer() asks between frames and hears answers in pieces", async () => {
  const { server, ending } = await serverWithEnding({
    feed: generatedFeed({ type: "lines" }, { size: 20, period: 16 }),
    pace: { type: "rate", rate: 100 },
    durationMs: 500,
    // So that none comes as the server ends, which would refuse the answer.
    ping: { ...PING, everyMs: 200 },
  });
  await using _ = server;
  using conn = await connect(server);
  const lines: string[] = [];
  let partial = "";
  for await (const text of conn.readable.pipeThrough(new TextDecoderStream())) {
    const whole = (partial + text).split("\n");
    partial = whole.pop() ?? "";
    lines.push(...whole);
    for (const _ of whole.filter((line) => line === "PING")) {
      const writer = conn.writable.getWriter();
      await writer.write(utf8.encode("noise PO"));
      await writer.write(utf8.encode("NG\nnoise"));
      writer.releaseLock();
    }
  }
  const event = await ending;
  assertEquals(event.type, "finish");
  assert(event.pings >= 2 && event.pongs >= event.pings - 1, `${event.pongs} of ${event.pings}`);
  assertEquals(lines.filter((line) => line === "PING").length, event.pings);
  assertEquals(lines.length, event.framesAccepted + event.pings);
});

Deno.test("startPushServer() cuts a client that does not answer", async () => {
  const { server, ending } = await serverWithEnding({
    feed: generatedFeed({ type: "lines" }, { period: 16 }),
    pace: { type: "rate", rate: 10 },
    ping: { ...PING, withinMs: 50 },
  });
  await using _ = server;
  using conn = await connect(server);
  assertEquals((await readAll(conn)).end, "ECONNRESET");
  const event = await ending;
  assert(event.type === "cut");
  assertEquals([event.reason, event.pings, event.pongs], ["ping_timeout", 1, 0]);
});

Deno.test("startPushServer() reports a client that goes", async () => {
  const { server, ending } = await serverWithEnding({ feed: bigFrames() });
  await using _ = server;
  (await connect(server)).close();
  const event: PushEnding = await ending;
  assert(event.type === "client_error");
  assert(["ECONNRESET", "EPIPE"].includes(event.code), event.code);
});

Deno.test("startPushServer() stops on its signal", async () => {
  const abort = new AbortController();
  const feed = bigFrames();
  const { server, ending } = await serverWithEnding({ feed, signal: abort.signal });
  using conn = await connect(server);
  await conn.read(new Uint8Array(1));
  assertEquals(server.clients().length, 1);
  abort.abort();
  await server.closed;
  assertEquals((await ending).type, "stop");
  assertEquals(server.clients(), []);
  await assertRejects(() => startPushServer({ feed, signal: abort.signal }), DOMException);
});

Deno.test({
  name: "startPushServer() listens on a unix socket",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/feed.sock`;
    const feed = generatedFeed({ type: "slip" }, { period: 100 });
    const { server, ending } = await serverWithEnding({ path, feed, frames: 250, clients: 1 });
    assertEquals(server.port, 0);
    using conn = await Deno.connect({ transport: "unix", path });
    const read = await readAll(conn);
    assertEquals(read, { bytes: firstFrames(feed, 250), end: "eof" });
    assertEquals((await ending).type, "finish");
    conn.closeWrite();
    await server.closed;
    await Deno.remove(directory, { recursive: true });
  },
});

Deno.test("startPushServer() refuses options that cannot work together", async () => {
  const feed = recordedFeed(encodeFrame({ type: "lines" }, utf8.encode("x")));
  await assertRejects(() => startPushServer({ feed, maxQueueBytes: 1 }), RangeError, "pace");
  await assertRejects(
    () => startPushServer({ feed, path: "x.sock", cut: "rst" }),
    RangeError,
    "unix",
  );
  await assertRejects(
    () => startPushServer({ feed, pace: { type: "rate", rate: -1 } }),
    RangeError,
    "above 0",
  );
});

Deno.test("startPushServer() gives each client a source of its own, and cuts by it", async () => {
  const ticks = recordedFeed(utf8.encode("abcdef"), { chunkSize: 2 });
  const flood = recordedFeed(new Uint8Array(64 * 1024 * 1024), { chunkSize: 1024 * 1024 });
  const { server, events } = await serverWithEnding({
    feed: (client) =>
      client === 1
        ? { feed: ticks, pace: { type: "timeline", dueMs: [0, 20, 20] } }
        : { feed: flood, pace: { type: "timeline", dueMs: new Array(64).fill(0) } },
    clients: 2,
    maxQueueBytes: 80 * 1024 * 1024,
    noProgressMs: 300,
  });
  const first = await connect(server);
  assertEquals((await readAll(first)).bytes, utf8.encode("abcdef"));
  first.close();
  const second = await connect(server);
  await server.closed;
  second.close();
  const endings = events.filter(({ type }) => type !== "accept");
  assertEquals(endings.map(({ type }) => type), ["finish", "cut"]);
});
