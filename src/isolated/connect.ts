/**
 * Isolated mode: reader, handlers and directories, each with its own rights in a
 * worker of its own.
 *
 * ```text
 *                      supervisor: starts, grants, hears how they end
 *                 ┌────────────┬──────────┴─────────┬───────────────┐
 *  server ◀──▶ reader ══ slabs in shared memory ══ handlers      directories
 *              net HOST:PORT   by Atomics          as granted    read, write DIR
 *                 └──────────────── a port each ────┴───────────────┘
 * ```
 *
 * @module
 */

import { sharedCoreModule } from "../core/module.ts";
import type { Target } from "../transport/transport.ts";
import type { IsolatedOptions } from "./options.ts";
import { planOf } from "./plan.ts";
import { checkGrants } from "./rights.ts";
import { type IsolatedClient, Supervisor } from "./supervisor.ts";

/**
 * Connects with the reader in a worker that may connect to this one server and
 * do nothing else, each handler module in a worker with exactly its grants, and
 * each directory in one that may read and write it. This isolate supervises:
 * blocked, it stops nothing that runs. Resolves when all handlers are open.
 *
 * Rejects with an `OptionError`, with a {@linkcode GrantError}, `DisconnectError` or
 * `SpillPermissionError` that names the flag for a right this program lacks, with the
 * `DisconnectError` of a connection that could not be made, with what `spillTo()`
 * lists for its directory, with the `HandlerError` of a module that could not be
 * loaded or an `open()` that failed, and with a {@linkcode ReaderError}.
 *
 * **Deno needs `--unstable-worker-options` for this**, as for
 * {@linkcode workerHandler}: without it Deno ends the process with exit code 70.
 * Run with `--no-prompt`, else code in a worker can ask for more rights.
 *
 * @example
 * ```ts ignore
 * import { connectIsolated } from "jsr:@spillway/spillway/isolation";
 *
 * await using client = await connectIsolated("feed.example:9000", {
 *   framing: { type: "lines" },
 *   handler: {
 *     module: import.meta.resolve("./store.ts"),
 *     grants: { write: ["/var/log/ticks"] },
 *   },
 * });
 * console.log((await client.closed).message);
 * ```
 */
export async function connectIsolated(
  target: Target,
  options: IsolatedOptions,
): Promise<IsolatedClient> {
  return await (await startFor(Infinity, target, options)).opened();
}

/** The same, closed by the reader after so many frames, and before it is open. */
export async function startFor(
  frameLimit: number,
  target: Target,
  options: IsolatedOptions,
): Promise<Supervisor> {
  const plan = planOf(target, options, frameLimit);
  for (const [name, permissions] of plan.handlerPermissions) {
    checkGrants(plan.reader.named ? name : undefined, permissions);
  }
  return Supervisor.start(plan, options, await sharedCoreModule());
}
