/**
 * Standard input and output belong to the protocol: what the handler prints
 * goes to standard error, and what it reads is empty.
 *
 * @module
 */

import { forgiveFullLog } from "../../full_log.ts";

/** Methods of a console that print to standard output, and have no sibling that does not. */
const OTHERS = ["count", "dir", "dirxml", "table", "time", "timeEnd", "timeLog"] as const;

/** Takes the console and both streams away from the handler. */
export function printToStderr(): void {
  const { stderr } = Deno;
  Object.defineProperty(Deno, "stdout", { value: stderr });
  Object.defineProperty(Deno, "stdin", { value: emptyInput() });
  forgiveFullLog(console);
  const { error, group } = console;
  console.log = console.info = console.debug = error;
  console.group = console.groupCollapsed = (...label) => {
    if (label.length > 0) error(...label);
    group();
  };
  // Node's modules take 50 ms to load, and few need these.
  for (const name of OTHERS) {
    console[name] = (...args: unknown[]) =>
      (nodeConsole() as unknown as Record<string, (...args: unknown[]) => void>)[name](...args);
  }
}

interface NodeProcess {
  stderr: unknown;
  getBuiltinModule(name: "node:console"): {
    Console: new (stdout: unknown, stderr: unknown) => Console;
  };
}

let loaded: Console | undefined;

function nodeConsole(): Console {
  if (loaded === undefined) {
    const { process } = globalThis as unknown as { process: NodeProcess };
    const { Console } = process.getBuiltinModule("node:console");
    loaded = new Console(process.stderr, process.stderr);
  }
  return loaded;
}

function emptyInput(): typeof Deno.stdin {
  return {
    read: () => Promise.resolve(null),
    readSync: () => null,
    readable: new ReadableStream({ type: "bytes", start: (controller) => controller.close() }),
    setRaw() {},
    isTerminal: () => false,
    close() {},
  };
}
