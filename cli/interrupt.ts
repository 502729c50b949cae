/**
 * The user's wish to end.
 *
 * @module
 */

/** Signals that ask a command to end; SIGHUP comes of a terminal that is closed. */
export type Interrupt = "SIGINT" | "SIGTERM" | "SIGHUP";

const SIGNALS: readonly Interrupt[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Calls `stop` on the first interrupt until disposed; a second one ends the process
 * as usual, unless it is a SIGHUP: of a terminal that closes both shell and kernel tell.
 */
export function onInterrupt(stop: (signal: Interrupt) => void): Disposable {
  let stopped = false;
  const listeners = SIGNALS.map((signal) => ({
    signal,
    listener: () => {
      if (stopped) return;
      stopped = true;
      remove(({ signal }) => signal !== "SIGHUP");
      stop(signal);
    },
  }));
  const remove = (which: (listener: { signal: Interrupt }) => boolean): void => {
    for (const { signal, listener } of listeners.filter(which)) {
      Deno.removeSignalListener(signal, listener);
    }
  };
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  return { [Symbol.dispose]: () => remove(() => true) };
}
