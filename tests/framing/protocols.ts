/** Random RESP values and NATS messages, of more shapes than the encoders write. */
import fc from "fast-check";
import type { Framing } from "../../src/framing.ts";
import { ascii } from "./bytes.ts";

const word = fc.string({ unit: fc.constantFrom("a", "1", "-", " ", "\r"), maxLength: 6 });

/** Text without line ends, and with the most bytes that look like some. */
const content = fc.string({ unit: fc.constantFrom("a", "\r", "\n", "$", "1", "."), maxLength: 8 });

const bulk = (type: string) => content.map((data) => `${type}${data.length}\r\n${data}\r\n`);

const respValue = fc.letrec<{ value: string }>((tie) => {
  const values = fc.array(tie("value"), { maxLength: 3 });
  const pairs = fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 2 });
  const flat = pairs.map((list) => ({ count: list.length, text: list.flat().join("") }));
  return {
    value: fc.oneof(
      { maxDepth: 6, depthSize: "small" },
      fc.tuple(fc.constantFrom(..."+-:_#,("), word).map(([type, text]) => `${type}${text}\r\n`),
      fc.constantFrom("$-1\r\n", "*-1\r\n", "*0\r\n", "%0\r\n", "~?\r\n.\r\n"),
      bulk("$"),
      bulk("!"),
      bulk("="),
      fc.array(content.filter((part) => part !== ""), { maxLength: 3 }).map((parts) =>
        `$?\r\n${parts.map((part) => `;${part.length}\r\n${part}\r\n`).join("")};0\r\n`
      ),
      fc.tuple(fc.constantFrom(..."*~>"), values).map(([type, list]) =>
        `${type}${list.length}\r\n${list.join("")}`
      ),
      fc.tuple(fc.constantFrom(..."*~"), values).map(([type, list]) =>
        `${type}?\r\n${list.join("")}.\r\n`
      ),
      flat.map(({ count, text }) => `%${count}\r\n${text}`),
      flat.map(({ text }) => `%?\r\n${text}.\r\n`),
      fc.tuple(flat, tie("value")).map(([{ count, text }, value]) =>
        `|${count}\r\n${text}${value}`
      ),
    ),
  };
}).value;

/** Aggregates nested about as deep as the core can count. */
const respDeep = fc.tuple(
  fc.constantFrom("*1\r\n", "*?\r\n", "%1\r\n:1\r\n", "|1\r\n:1\r\n"),
  fc.integer({ min: 30, max: 34 }),
).map(([header, depth]) => header.repeat(depth) + ":1\r\n" + ".\r\n".repeat(depth));

const natsEnd = fc.constantFrom("\r\n", "\r\n", "\n");
const natsBlank = fc.constantFrom(" ", " ", "\t", "  ");

const natsMessage = fc.tuple(
  fc.constantFrom("MSG", "HMSG", "msg", "Hmsg", "HMSGS", "MS"),
  fc.array(word, { maxLength: 3 }),
  natsBlank,
  fc.constantFrom("", "", " ", "x", "-", "0"),
  content,
  natsEnd,
).map(([op, words, blank, odd, data, end]) =>
  [op, ...words, odd + data.length].join(blank) + `${end}${data}\r\n`
);

const natsLine = fc.tuple(
  fc.constantFrom("PING", "+OK", "INFO {}", "", "MSG", "MSG ", "HMSG\t"),
  word,
  natsEnd,
).map(([op, rest, end]) => op + rest + end);

/** Frames of `type` beyond what `encodeFrame` writes; `undefined` where that writes all there are. */
export function protocolFrames(type: Framing["type"]): fc.Arbitrary<Uint8Array> | undefined {
  if (type === "resp") {
    return fc.oneof({ weight: 12, arbitrary: respValue }, { weight: 1, arbitrary: respDeep })
      .map(ascii);
  }
  if (type === "nats") return fc.oneof(natsMessage, natsLine).map(ascii);
  return undefined;
}
