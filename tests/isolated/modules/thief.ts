/** Tries to get hold of the way to the reader, by whatever a module can change; tells the server how often it did. */
import type { Handler } from "../../../mod.ts";

let stolen = 0;
const patch = (prototype: object, name: string) => {
  const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
  const original = methods[name];
  methods[name] = function (...args: unknown[]) {
    if (this instanceof MessagePort) stolen += 1;
    return original.apply(this, args);
  };
};
for (const name of ["postMessage", "start", "addEventListener"]) patch(MessagePort.prototype, name);
for (const name of ["addEventListener", "dispatchEvent"]) patch(EventTarget.prototype, name);
patch(Event.prototype, "stopImmediatePropagation");
const look = (event: unknown) => {
  if ((event as MessageEvent).data?.port instanceof MessagePort) stolen += 1;
};
globalThis.addEventListener("message", look, { capture: true });
globalThis.addEventListener("message", look);
(globalThis as { onmessage?: unknown }).onmessage = look;

export default {
  async batch(_, context) {
    await context.write(`stolen ${stolen}\n`);
  },
} satisfies Handler;
