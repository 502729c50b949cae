/**
 * A second thread of the handler process, which no handler can hold up: it ends
 * the process when that takes too much memory, and when the client is gone
 * though the handler spins and never sees it.
 *
 * @module
 */

import { FromChild, message, numberBody } from "../protocol.ts";

const POLL_MS = 50;

/** Starts it. The thread has globals of its own, which no handler can change. */
export function startWatchdog(limitBytes: number): void {
  // What the thread sends: only the number in it is not known yet.
  const note = JSON.stringify([...message(FromChild.memory, numberBody(0))]);
  const code = `(${watch})(${limitBytes}, new Uint8Array(${note}), ${POLL_MS})`;
  new Worker(`data:text/javascript,${encodeURIComponent(code)}`, { type: "module" });
}

/** Runs in the thread; knows nothing but its arguments. */
function watch(limitBytes: number, note: Uint8Array<ArrayBuffer>, pollMs: number): void {
  const parent = Deno.ppid;
  setInterval(() => {
    const { rss } = Deno.memoryUsage();
    const tooLarge = rss > limitBytes;
    if (tooLarge) {
      new DataView(note.buffer).setFloat64(8, rss, true);
      Deno.stdout.writeSync(note);
    }
    // A process whose parent has ended gets another one.
    if (tooLarge || Deno.ppid !== parent) Deno.kill(Deno.pid, "SIGKILL");
  }, pollMs);
}
