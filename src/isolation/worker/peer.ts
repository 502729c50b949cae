/**
 * A worker as its client sees it, wherever it was started.
 *
 * @module
 */

import type { OptionValues } from "../../dispatch/handler.ts";
import { bootstrapUrl, type WorkerPermissions } from "./bootstrap.ts";
import type { Order } from "./messages.ts";

/** Hears what a worker posts, and of its death by an error that nothing caught. */
export interface PeerListener {
  heed(data: unknown): void;
  died(message: string): void;
}

/** A worker that was started. */
export interface WorkerPeer {
  post(order: Order): void;
  /** Ends it; nothing is heard of it any more. */
  terminate(): void;
}

/** Starts a worker for the handler module `specifier`. Rejects with what keeps it from being started. */
export type SpawnWorker = (
  worker: { specifier: string; name: string; options: OptionValues },
  listener: PeerListener,
) => Promise<WorkerPeer>;

/** What `new Worker()` takes for exactly these rights; `name` is for debuggers. */
export function workerOptions(name: string, permissions: WorkerPermissions): WorkerOptions {
  return { type: "module", name, deno: { permissions } } as WorkerOptions;
}

/** Starts workers in this isolate, with exactly these rights. */
export function spawnHere(permissions: WorkerPermissions): SpawnWorker {
  return ({ specifier, name, options }, listener) => {
    const url = bootstrapUrl(specifier, options);
    const worker = new Worker(url, workerOptions(name, permissions));
    worker.onmessage = ({ data }) => listener.heed(data);
    worker.onerror = (event) => {
      // Else it would be uncaught here, too.
      event.preventDefault();
      listener.died(event.message);
    };
    return Promise.resolve({
      post: (order) => worker.postMessage(order),
      terminate() {
        worker.onmessage = null;
        worker.terminate();
      },
    });
  };
}
