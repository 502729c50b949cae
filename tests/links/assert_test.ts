import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertExists,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";

/** The message `fn` fails with; written without what is under test. */
function failure(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    if (error instanceof AssertionError && error.name === "AssertionError") return error.message;
    throw error;
  }
  throw new Error("did not fail");
}

async function rejection(fn: () => Promise<unknown>): Promise<string> {
  try {
    await fn();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  throw new Error("did not fail");
}

function same(actual: string, expected: string): void {
  if (actual !== expected) throw new Error(`got ${actual}, expected ${expected}`);
}

Deno.test("assert() takes what is truthy", () => {
  assert("x");
  same(failure(() => assert(0, "zero")), "zero");
});

Deno.test("assertEquals() compares structure", () => {
  const now = new Date(5);
  const buffer = Uint8Array.of(9, 1, 2, 9);
  const equal: [unknown, unknown][] = [
    [NaN, NaN],
    [{ a: [1, { b: 2n }] }, { a: [1, { b: 2n }] }],
    [buffer.subarray(1, 3), Uint8Array.of(1, 2)],
    [new Map([["k", new Set([1])]]), new Map([["k", new Set([1])]])],
    [now, new Date(5)],
    [/x/g, /x/g],
    [new URL("http://a/b"), new URL("http://a/b")],
    [Uint8Array.of(1).buffer, Uint8Array.of(1).buffer],
  ];
  for (const [actual, expected] of equal) {
    assertEquals(actual, expected);
    failure(() => assertNotEquals(actual, expected));
  }
  const different: [unknown, unknown][] = [
    [1, "1"],
    [{ a: 1 }, { a: 1, b: undefined }],
    [[1, 2], [2, 1]],
    [Uint8Array.of(1), Uint8Array.of(2)],
    [Uint8Array.of(1), Int8Array.of(1)],
    [new Map([["k", 1]]), new Map([["k", 2]])],
    [new Set([1]), new Set([2])],
    [new Date(5), new Date(6)],
    [/x/g, /x/i],
    [new URL("http://a/b"), new URL("http://a/c")],
    [null, undefined],
  ];
  for (const [actual, expected] of different) {
    failure(() => assertEquals(actual, expected));
    assertNotEquals(actual, expected);
  }
});

Deno.test("assertEquals() shows what differs, and the message", () => {
  const text = failure(() => assertEquals({ a: 1 }, { a: 222 }, "why"));
  assert(text.startsWith("Values are not equal: why"), text);
  assert(text.includes("222"), text);
});

Deno.test("assertStrictEquals() compares identity", () => {
  assertStrictEquals(NaN, NaN);
  failure(() => assertStrictEquals([], []));
  failure(() => assertStrictEquals(0, -0));
});

Deno.test("assertExists() refuses null and undefined only", () => {
  assertExists(0);
  assertExists("");
  same(
    failure(() => assertExists(null)),
    'Expected actual: "null" to not be null or undefined.',
  );
  failure(() => assertExists(undefined));
});

Deno.test("assertGreater() and its kin compare order", () => {
  assertGreater(2, 1);
  assertGreaterOrEqual(2n, 2n);
  assertLess("a", "b");
  assertLessOrEqual(1, 1);
  same(failure(() => assertGreater(1, 1)), "Expect 1 > 1");
  same(failure(() => assertGreaterOrEqual(1, 2)), "Expect 1 >= 2");
  same(failure(() => assertLess(1, 1)), "Expect 1 < 1");
  same(failure(() => assertLessOrEqual(2, 1, "why")), "why");
});

Deno.test("assertAlmostEquals() allows a tolerance", () => {
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(1, 1.5, 0.5);
  failure(() => assertAlmostEquals(1, 1.001));
  failure(() => assertAlmostEquals(1, 1.6, 0.5));
});

Deno.test("assertInstanceOf() compares classes", () => {
  assertInstanceOf(new RangeError(), Error);
  failure(() => assertInstanceOf({}, Error));
  failure(() => assertInstanceOf(null, Date));
});

Deno.test("assertStringIncludes() and assertMatch() look into text", () => {
  assertStringIncludes("spillway", "pill");
  assertMatch("spillway", /^s.*y$/);
  same(
    failure(() => assertStringIncludes("a", "b")),
    'Expected actual: "a" to contain: "b".',
  );
  same(
    failure(() => assertMatch("a", /b/, "why")),
    'Expected actual: "a" to match: "/b/": why',
  );
});

Deno.test("assertThrows() gives the error, and compares class and message", () => {
  const thrown = new RangeError("too far");
  const boom = () => {
    throw thrown;
  };
  assertStrictEquals(assertThrows(boom), thrown);
  assertStrictEquals(assertThrows(boom, RangeError, "far"), thrown);
  assertStrictEquals(assertThrows(boom, Error), thrown);
  same(failure(() => assertThrows(() => 1)), "Expected function to throw.");
  same(failure(() => assertThrows(() => 1, "why")), "Expected function to throw: why");
  failure(() => assertThrows(boom, TypeError));
  failure(() => assertThrows(boom, RangeError, "near"));
  failure(() =>
    assertThrows(() => {
      throw "text";
    }, Error)
  );
});

Deno.test("assertRejects() gives the error, and compares class and message", async () => {
  const reason = new RangeError("too far");
  const boom = () => Promise.reject(reason);
  assertStrictEquals(await assertRejects(boom), reason);
  assertStrictEquals(await assertRejects(boom, RangeError, "far"), reason);
  same(
    await rejection(() => assertRejects(() => Promise.resolve(1))),
    "Expected function to reject.",
  );
  await rejection(() => assertRejects(boom, TypeError));
  await rejection(() => assertRejects(boom, RangeError, "near"));
  same(
    await rejection(() =>
      assertRejects(() => {
        throw reason;
      })
    ),
    "Function throws when expected to reject.",
  );
});

Deno.test("fail() fails", () => {
  same(failure(() => fail()), "Failed assertion.");
  same(failure(() => fail("why")), "Failed assertion: why");
});
