/**
 * Workers of handlers as the reader sees them: started by the supervisor, since
 * nobody can grant what he has not himself, and spoken to directly.
 *
 * @module
 */

import { withResolvers } from "../deferred.ts";
import type { PeerListener, SpawnWorker, WorkerPeer } from "../isolation/worker/peer.ts";
import type { ReaderReport } from "./messages.ts";

interface Starting {
  listener: PeerListener;
  settle: PromiseWithResolvers<WorkerPeer>;
}

/** Has workers started. */
export class RemoteWorkers {
  readonly #post: (report: ReaderReport) => void;
  readonly #starting = new Map<number, Starting>();
  readonly #running = new Map<number, PeerListener>();
  #last = 0;

  /** `post` reaches the supervisor. */
  constructor(post: (report: ReaderReport) => void) {
    this.#post = post;
  }

  /** Starts workers for the handler of this name. */
  spawnFor(handler: string): SpawnWorker {
    return (_worker, listener) => {
      const id = ++this.#last;
      const settle = withResolvers<WorkerPeer>();
      this.#starting.set(id, { listener, settle });
      this.#post({ type: "spawn", id, handler });
      return settle.promise;
    };
  }

  /** A worker was started, and has the other end of `port`. */
  spawned(id: number, port: MessagePort): void {
    const starting = this.#take(id);
    if (starting === undefined) return port.close();
    const { listener, settle } = starting;
    this.#running.set(id, listener);
    port.onmessage = ({ data }) => listener.heed(data);
    settle.resolve({
      post: (order) => port.postMessage(order),
      terminate: () => {
        this.#running.delete(id);
        port.onmessage = null;
        port.close();
        this.#post({ type: "terminate", id });
      },
    });
  }

  /** It can't be started. */
  notSpawned(id: number, error: Error): void {
    this.#take(id)?.settle.reject(error);
  }

  /** An error that nothing caught has ended a worker. */
  died(id: number, message: string): void {
    this.#running.get(id)?.died(message);
  }

  #take(id: number): Starting | undefined {
    const starting = this.#starting.get(id);
    this.#starting.delete(id);
    return starting;
  }
}
