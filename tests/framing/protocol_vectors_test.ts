/** Oracle and core against RESP2, RESP3 and NATS as their specifications show them. */
import type { Framing } from "../../src/framing.ts";
import type { ViolationName } from "../../src/errors.ts";
import { check } from "./vectors.ts";

const RESP: Framing = { type: "resp" };
const NATS: Framing = { type: "nats" };

/** Each value is a frame of its own, alone and before another one, and partial without its last byte. */
function checkEach(framing: Framing, values: string[]): void {
  for (const value of values) {
    check(framing, value, { frames: [value] });
    check(framing, value + value, { frames: [value, value] });
    check(framing, value.slice(0, -1), { consumed: 0 });
  }
}

Deno.test("decode() and Core read the values of the RESP2 specification", () => {
  checkEach(RESP, [
    "+OK\r\n",
    "-ERR unknown command 'asdf'\r\n",
    "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
    ":0\r\n",
    ":-1000\r\n",
    "$5\r\nhello\r\n",
    "$0\r\n\r\n",
    "$-1\r\n",
    "$4\r\n\r\n\r\n\r\n",
    "*0\r\n",
    "*2\r\n$5\r\nhello\r\n$5\r\nworld\r\n",
    "*3\r\n:1\r\n:2\r\n:3\r\n",
    "*5\r\n:1\r\n:2\r\n:3\r\n:4\r\n$5\r\nhello\r\n",
    "*-1\r\n",
    "*2\r\n*3\r\n:1\r\n:2\r\n:3\r\n*2\r\n+Hello\r\n-World\r\n",
    "*3\r\n$5\r\nhello\r\n$-1\r\n$5\r\nworld\r\n",
  ]);
});

Deno.test("decode() and Core read the values of the RESP3 specification", () => {
  checkEach(RESP, [
    "_\r\n",
    "#t\r\n",
    ",1.23\r\n",
    ",inf\r\n",
    "(3492890328409238509324850943850943825024385\r\n",
    "!21\r\nSYNTAX invalid syntax\r\n",
    "=15\r\ntxt:Some string\r\n",
    "%2\r\n+first\r\n:1\r\n+second\r\n:2\r\n",
    "%0\r\n",
    "~5\r\n+orange\r\n+apple\r\n#t\r\n:100\r\n:999\r\n",
    "|1\r\n+key-popularity\r\n%2\r\n$1\r\na\r\n,0.1923\r\n$1\r\nb\r\n,0.0012\r\n*2\r\n:2039123\r\n:9543892\r\n",
    "*3\r\n:1\r\n:2\r\n|1\r\n+ttl\r\n:3600\r\n:3\r\n",
    "|0\r\n|1\r\n|0\r\n+k\r\n+v\r\n+x\r\n",
    ">4\r\n+pubsub\r\n+message\r\n+somechannel\r\n+this is the message\r\n",
    "$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;1\r\nd\r\n;0\r\n",
    "*?\r\n:1\r\n:2\r\n:3\r\n.\r\n",
    "*?\r\n.\r\n",
    "%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n",
    "~?\r\n*?\r\n.\r\n$?\r\n;0\r\n.\r\n",
    "*2\r\n$?\r\n;1\r\na\r\n;0\r\n+b\r\n",
  ]);
});

Deno.test("decode() and Core tell where a RESP value is wrong", () => {
  const cases: [string, ViolationName, number][] = [
    ["PING\r\n", "bad_type", 0],
    [".\r\n", "bad_type", 0],
    [";1\r\n", "bad_type", 0],
    ["*1\r\n.\r\n", "bad_type", 4],
    ["*?\r\n|0\r\n.\r\n", "bad_type", 8],
    ["$?\r\n$1\r\n", "bad_type", 4],
    ["+a\n", "bad_byte", 1],
    ["$1\n", "bad_digit", 2],
    ["$1\r1", "bad_byte", 3],
    ["$1\r\nab\r\n", "bad_byte", 5],
    ["$1\r\na\rb", "bad_byte", 6],
    ["$\r\n", "bad_digit", 1],
    ["*1a", "bad_digit", 2],
    [">?", "bad_digit", 1],
    ["!?", "bad_digit", 1],
    ["*?1", "bad_byte", 2],
    ["*?\r\n.1", "bad_byte", 5],
    ["*?\r\n.\r1", "bad_byte", 6],
    ["$-x", "bad_digit", 2],
    ["$-2\r", "length_negative", 1],
    ["*-15\r", "length_negative", 1],
    ["%-1\r", "length_negative", 1],
    ["*-12345678901", "length_negative", 1],
    ["=-1\r", "length_negative", 1],
    ["$4294967296\r", "frame_too_long", 1],
    ["$18446744073709551615\r\n", "frame_too_long", 11],
    ["*4294967296\r", "length_overflow", 1],
    ["*2147483648\r", "length_overflow", 1],
    ["%1073741824\r", "length_overflow", 1],
    ["|1073741824\r", "length_overflow", 1],
    ["*18446744073709551615\r\n", "length_overflow", 11],
  ];
  for (const [stream, name, at] of cases) {
    check(RESP, "+OK\r\n" + stream, {
      frames: ["+OK\r\n"],
      consumed: 5,
      violation: { name, at: 5 + at },
    });
  }
  check(RESP, "*2147483647\r\n%1073741823\r\n", { consumed: 0 });
});

Deno.test("decode() and Core bound a whole RESP value", () => {
  const framing: Framing = { ...RESP, maxFrameLength: 10 };
  check(framing, "$4\r\nabcd\r\n+12345678", { frames: ["$4\r\nabcd\r\n"], consumed: 10 });
  check(framing, "$5\r", { consumed: 0, violation: { name: "frame_too_long", at: 1 } });
  check(framing, "+123456789\r\n", { consumed: 0, violation: { name: "frame_too_long", at: 10 } });
  check(framing, "*2\r\n:1\r\n:2\r\n", {
    consumed: 0,
    violation: { name: "frame_too_long", at: 10 },
  });
  check({ ...framing, onInvalid: "skip" }, "+123456789\r\n?\n:1\r\n", {
    frames: [":1\r\n"],
    skippedFrames: 2,
    skippedBytes: 14,
  });
});

Deno.test("decode() and Core nest RESP values 32 levels deep and no deeper", () => {
  const deep = "*1\r\n".repeat(32) + ":1\r\n";
  checkEach(RESP, [
    deep,
    "%1\r\n:0\r\n".repeat(32) + "*0\r\n",
    "*?\r\n".repeat(32) + ".\r\n".repeat(32),
  ]);
  for (const header of ["*1\r\n", "*?\r\n", "|1\r\n"]) {
    check(RESP, "*1\r\n".repeat(32) + header, {
      consumed: 0,
      violation: { name: "too_deep", at: 128 },
    });
  }
});

Deno.test("decode() and Core read the lines and messages of the NATS protocol", () => {
  checkEach(NATS, [
    'INFO {"server_id":"Zk0GQ3JBSrg3oyxCRRlE09","version":"1.2.0","max_payload":1048576}\r\n',
    "PING\r\n",
    "PONG\r\n",
    "+OK\r\n",
    "-ERR 'Unknown Protocol Operation'\r\n",
    "MSG FOO.BAR 9 11\r\nHello World\r\n",
    "MSG FOO.BAR 9 GREETING.34 11\r\nHello World\r\n",
    "MSG NOTIFY 1 0\r\n\r\n",
    "msg\tFOO\t9\t2\r\n\r\n\r\n",
    "HMSG FOO.BAR 1 34 45\r\nNATS/1.0\r\nFoodGroup: vegetable\r\n\r\nHello World\r\n",
    "HMSG FOO.BAR 9 BAZ.69 34 45\r\nNATS/1.0\r\nFoodGroup: vegetable\r\n\r\nHello World\r\n",
    "HMSG NOTIFY 1 34 34\r\nNATS/1.0\r\nFoodGroup: vegetable\r\n\r\n\r\n",
    "\r\n",
    "MSGS 1\r\n",
    "MSG 1 1 \r\nx\r\n",
  ]);
  check(NATS, "PING\n\nMSG a 1 1\nx\r\n", { frames: ["PING\n", "\n", "MSG a 1 1\nx\r\n"] });
});

Deno.test("decode() and Core tell where NATS input is wrong", () => {
  const framing: Framing = { ...NATS, maxFrameLength: 20 };
  const skip: Framing = { ...framing, onInvalid: "skip" };
  const cases: [string, ViolationName, number, number][] = [
    ["MSG a 1 x\r\n", "bad_digit", 8, 11],
    ["MSG a 1 1x\r\n", "bad_digit", 9, 12],
    ["MSG a 1 -1\r\n", "bad_digit", 8, 12],
    ["MSG a 1 1\r\nxyz\n", "bad_byte", 12, 14],
    ["MSG a 1 1\r\nx\ry\n", "bad_byte", 13, 14],
    ["MSG a 1 8\r\n12345678\r\n", "frame_too_long", 8, 21],
    ["+3456789012345678901\n", "frame_too_long", 20, 21],
    ["MSG a 4294967296\r\n", "frame_too_long", 6, 4294967316],
    ["MSG 18446744073709551615\r\n", "frame_too_long", 20, 26],
  ];
  for (const [stream, name, at, discarded] of cases) {
    const whole = "+OK\r\n" + stream + "+OK\r\n";
    const before = { frames: ["+OK\r\n"], consumed: 5 };
    check(framing, whole, { ...before, violation: { name, at: 5 + at } });
    // What is left of the rejected message is a line of its own.
    const rest = stream.slice(discarded);
    const skipped = Math.min(discarded, whole.length - 5);
    const behind = skipped < discarded ? [] : [...(rest === "" ? [] : [rest]), "+OK\r\n"];
    check(skip, whole, {
      frames: ["+OK\r\n", ...behind],
      skippedFrames: 1,
      skippedBytes: skipped,
    });
  }
});
