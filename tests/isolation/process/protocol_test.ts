/** What a handler process may send, cut in any way, and what it may not. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  CHILD_MESSAGE_BYTES_MAX,
  ChildMessages,
  FromChild,
  message,
  ProtocolViolation,
} from "../../../src/isolation/process/protocol.ts";
import { decodeError, encodeError } from "../../../src/isolation/process/remote_error.ts";
import { join } from "../../framing/bytes.ts";
import { assertHolds } from "../../framing/property.ts";
import { cut } from "../../framing/streams.ts";

const bodies = {
  [FromChild.ready]: fc.constant(new Uint8Array(0)),
  [FromChild.pong]: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  [FromChild.write]: fc.uint8Array({ minLength: 8, maxLength: CHILD_MESSAGE_BYTES_MAX - 8 }),
  [FromChild.failed]: fc.uint8Array({ minLength: 2, maxLength: 300 }),
};

const said = fc.constantFrom(...Object.keys(bodies).map(Number)).chain((kind) =>
  bodies[kind as keyof typeof bodies].map((body) => ({ kind, body }))
);

/** All messages in the chunks, with bodies of their own. */
function read(chunks: Iterable<Uint8Array>): { kind: number; body: Uint8Array }[] {
  const messages = new ChildMessages();
  return [...chunks].flatMap((chunk) =>
    Array.from(messages.read(chunk), ({ kind, body }) => ({ kind, body: body.slice() }))
  );
}

Deno.test("ChildMessages gives every message, however they are cut", () => {
  assertHolds(
    100,
    fc.property(
      fc.array(said, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }),
      (messages, lengths) => {
        const stream = join(...messages.map(({ kind, body }) => message(kind, body)));
        assertEquals(
          read(cut(stream, lengths)),
          messages.map(({ kind, body }) => ({ kind, body: new Uint8Array(body) })),
        );
      },
    ),
  );
});

Deno.test("ChildMessages takes any bytes, and ends at the first that are no message", () => {
  assertHolds(
    500,
    fc.property(fc.uint8Array({ maxLength: 10_000 }), fc.array(said), (garbage, before) => {
      const good = join(...before.map(({ kind, body }) => message(kind, body)));
      try {
        assert(read([good, garbage]).length >= before.length);
      } catch (error) {
        assertInstanceOf(error, ProtocolViolation);
      }
    }),
  );
  // A header alone tells, long before its body is there.
  const tooLong = message(FromChild.write, new Uint8Array(CHILD_MESSAGE_BYTES_MAX - 7));
  assertThrows(() => read([tooLong.subarray(0, 8)]), ProtocolViolation, "8 to 4088 bytes");
  assertThrows(() => read([message(0)]), ProtocolViolation, "expected a message");
});

Deno.test("an error goes to the other process whole, or cut to what there is room for", () => {
  const thrown = new TypeError("out of ink");
  const { message: text, remoteName, remoteStack } = decodeError(encodeError(thrown, 4088))!;
  assertEquals([text, remoteName, remoteStack], ["out of ink", "TypeError", thrown.stack]);
  const awkward: unknown[] = [
    "a string",
    undefined,
    Symbol("s"),
    Object.create(null),
    { toString: () => ({}) },
    new Proxy(new Error("proxied"), {
      get: () => {
        throw new Error("trap");
      },
    }),
    Object.assign(new Error("\\u0000".repeat(1e5)), { name: "\\u0001".repeat(1e5) }),
    Object.assign(new Error("\\u{1f600}".repeat(1e5)), { stack: 5 }),
  ];
  for (const value of awkward) {
    const bytes = encodeError(value, 4088);
    assert(bytes.length <= 4088, `${bytes.length} bytes`);
    assert(decodeError(bytes) !== undefined);
  }
});

Deno.test("decodeError() gives nothing for what is no error", () => {
  for (const text of ["", "{", "null", "5", "{}", '{"name":"a","message":1,"stack":""}']) {
    assertEquals(decodeError(new TextEncoder().encode(text)), undefined);
  }
});
