/** Redis: one channel, published to and subscribed to. */
import { checkedNumber, payload, type Wire } from "./wire.ts";

const CHANNEL = "ticks";

/** An array of bulk strings: what commands and messages are made of. */
function bulks(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

const frameOf = (message: number): string => bulks("message", CHANNEL, payload(message));
const NUMBER_AT = frameOf(0).indexOf(payload(0));
const MESSAGE_START = frameOf(0).slice(0, NUMBER_AT);

/** Publish and subscribe. */
export const redis: Wire = {
  framing: { type: "resp" },
  hello: bulks("SUBSCRIBE", CHANNEL),
  welcome: `${bulks("subscribe", CHANNEL).replace("*2", "*3")}:1\r\n`,
  respond: [],
  publication: (message) => new TextEncoder().encode(bulks("PUBLISH", CHANNEL, payload(message))),
  sample: () => new TextEncoder().encode(frameOf(0)),
  messageIn(frame) {
    const start = new TextDecoder().decode(frame.subarray(0, NUMBER_AT));
    return start === MESSAGE_START ? checkedNumber(frame, NUMBER_AT, frameOf) : undefined;
  },
};
