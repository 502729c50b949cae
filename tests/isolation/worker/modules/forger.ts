/** Gets hold of the control block, and overwrites it. */
import type { Handler } from "../../../../mod.ts";

let words: Int32Array | undefined;
const load = Atomics.load;
Atomics.load = ((array: Int32Array, at: number) => {
  words = array;
  return load(array, at);
}) as typeof load;

export default {
  batch() {
    words?.fill(-1);
    Atomics.notify(words!, 1);
    return new Promise(() => {});
  },
} satisfies Handler;
