/** NATS: one subject, published to and subscribed to; pings are to be answered. */
import { checkedNumber, payload, type Wire } from "./wire.ts";

const SUBJECT = "ticks";
const CONNECT = 'CONNECT {"verbose":false}\r\n';

const frameOf = (message: number): string =>
  `MSG ${SUBJECT} 1 ${payload(message).length}\r\n${payload(message)}\r\n`;
const NUMBER_AT = frameOf(0).indexOf(payload(0));
const MESSAGE = "M".charCodeAt(0);

/** Publish and subscribe. */
export const nats: Wire = {
  framing: { type: "nats" },
  hello: `${CONNECT}SUB ${SUBJECT} 1\r\nPING\r\n`,
  welcome: "PONG\r\n",
  respond: [{ match: "PING\r\n", send: "PONG\r\n" }],
  publisherHello: CONNECT,
  publication: (message) =>
    new TextEncoder().encode(
      `PUB ${SUBJECT} ${payload(message).length}\r\n${payload(message)}\r\n`,
    ),
  sample: () => new TextEncoder().encode(frameOf(0)),
  messageIn: (frame) => frame[0] === MESSAGE ? checkedNumber(frame, NUMBER_AT, frameOf) : undefined,
};
