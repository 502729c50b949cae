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

/** Calls `stop` on the first interrupt until disposed; a second one ends the process as usual. */
export function onInterrupt(stop: (signal: Interrupt) => void): Disposable {
  const listeners = SIGNALS.map((signal) => ({
    signal,
    listener: () => {
      remove();
      stop(signal);
    },
  }));
  const remove = (): void => {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  };
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  return { [Symbol.dispose]: remove };
}
