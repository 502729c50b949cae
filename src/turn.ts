/**
 * Waiting: for microtasks, for the event loop to turn, or for a while in which it stands still.
 *
 * @module
 */

/** Awaited to let a microtask pass: for `undefined` a promise would be made each time. */
export const MICROTASK: Promise<void> = Promise.resolve();

type Schedule = (callback: () => void) => unknown;

/**
 * The cheapest macrotask there is: a microtask loop never lets the event loop
 * poll, so timers starve and a pending read stays pending. 2.5 µs, where a
 * zero timeout takes 2 ms. Found at the first turn only, since Deno takes 5 to
 * 9 ms to load it: most feeds have had their first frames by then.
 */
let schedule: Schedule | undefined;

function findSchedule(): Schedule {
  return (globalThis as { setImmediate?: Schedule }).setImmediate ??
    ((callback) => setTimeout(callback, 0));
}

/** Has that found, if it was not; returns how many milliseconds it took. */
export function prepareTurn(): number {
  const began = performance.now();
  schedule ??= findSchedule();
  return performance.now() - began;
}

/** Resolves after the event loop has turned once. */
export function turn(): Promise<void> {
  const run = schedule ??= findSchedule();
  return new Promise((resolve) => {
    run(resolve);
  });
}

/**
 * Deno's event loop, while it never gets to wait, looks at its sockets in one of
 * 61 turns only (tokio's event interval): until then a pending read stays
 * pending, whatever has come. Where a turn is a timeout, the loop does wait.
 */
const POLL_TURNS = "setImmediate" in globalThis ? 64 : 1;

/** Turns the event loop until `done`, or until it must have looked at its sockets: about 160 µs by the cost of a turn. */
export async function poll(done: () => boolean): Promise<void> {
  for (let i = 0; i < POLL_TURNS && !done(); i++) await turn();
}

/** Keeps this thread from running for `ms`, and the 0.05 to 0.08 that the kernel's timers are late; false where it may not be. */
export function rest(ms: number): boolean {
  try {
    Atomics.wait(cell(), 0, 0, ms);
    return true;
  } catch (error) {
    // A TypeError: not in this thread of this runtime.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

let shared: Int32Array | undefined;

/** Nobody ever notifies it. */
function cell(): Int32Array {
  return shared ??= new Int32Array(new SharedArrayBuffer(4));
}
