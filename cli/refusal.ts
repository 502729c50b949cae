/**
 * Why a command has not done its part.
 *
 * @module
 */

import { messageFor } from "./disk_words.ts";
import { exitCodeOf } from "./exit_code.ts";
import { beforeSeparator } from "./usage.ts";
import { printable } from "./words.ts";

/** Tells it: a sentence, or with `--json` an object as all else on standard error is; `command` is `undefined` where there is none. */
export function complain(
  command: string | undefined,
  message: string,
  { json }: { json: boolean },
): void {
  const who = command === undefined ? "spillway" : `spillway ${command}`;
  console.error(json ? JSON.stringify({ type: "error", message }) : `${who}: ${lines(message)}`);
}

/** What a message shows of a file may be made to fool a terminal; some have several lines. */
function lines(message: string): string {
  return message.split("\n").map(printable).join("\n");
}

/** Tells an error and gives the exit code for it; throws it again if that is `undefined`, a defect. */
export function refuse(
  command: string,
  args: readonly string[],
  error: unknown,
  code: number | undefined = exitCodeOf(error),
): number {
  if (code === undefined) throw error;
  // The command line may be what is wrong, so that there are no flags yet.
  const json = beforeSeparator(args).includes("--json");
  complain(command, messageFor(error as Error), { json });
  return code;
}
