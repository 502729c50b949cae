/**
 * The way to a client in another worker: a port, which is the first thing this
 * worker is posted.
 *
 * @module
 */

import type { Channel } from "./scope.ts";

// As they are before a handler's module can change them: it is not to get hold
// of the port, by which it could post without bounds.
const { apply, defineProperty } = Reflect;
const { addEventListener, dispatchEvent } = EventTarget.prototype;
const { stopImmediatePropagation } = Event.prototype;
const { postMessage, start } = MessagePort.prototype;

let port: MessagePort | undefined;
/** Posted before there was a port. */
const waiting: unknown[] = [];
let heard: ((message: unknown) => void) | undefined;

/** To who has the other end. */
export const channel: Channel = {
  post(message) {
    if (port === undefined) waiting[waiting.length] = message;
    else apply(postMessage, port, [message]);
  },
  listen(listener) {
    heard = listener;
    if (port !== undefined) open(port);
  },
};

function open(port: MessagePort): void {
  const onMessage = ({ data }: MessageEvent) => heard?.(data);
  // Deno calls it by its name.
  defineProperty(port, "dispatchEvent", { value: dispatchEvent });
  apply(addEventListener, port, ["message", onMessage]);
  apply(start, port, []);
}

function onPort(event: MessageEvent): void {
  apply(stopImmediatePropagation, event, []);
  port = event.data.port as MessagePort;
  for (let i = 0; i < waiting.length; i++) channel.post(waiting[i]);
  if (heard !== undefined) open(port);
}

// Ahead of whatever a handler's module adds.
apply(addEventListener, globalThis, ["message", onPort, { capture: true, once: true }]);
