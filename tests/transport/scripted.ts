/** A connection whose every read and write a test decides. */
import type { Transport } from "../../mod.ts";

/** What a read gives: bytes, the end, or an error. */
export type Step = Uint8Array | null | Error;

/** Reads come from `give()`, as soon as they are given; writes go to `written`. */
export class ScriptedTransport implements Transport {
  readonly written: Uint8Array[] = [];
  closed = false;
  /** Reads answered. */
  reads = 0;
  /** Replaces what a write does. */
  onWrite: (bytes: Uint8Array) => Promise<number> = (bytes) => {
    this.written.push(bytes.slice());
    return Promise.resolve(bytes.length);
  };
  readonly #steps: Step[];
  #pending: { into: Uint8Array; settle: PromiseWithResolvers<number | null> } | undefined;

  constructor(...steps: Step[]) {
    this.#steps = steps;
  }

  /** Whether the client waits for bytes. */
  get starved(): boolean {
    return this.#pending !== undefined;
  }

  /** Lets the next read find `step`. */
  give(...steps: Step[]): void {
    this.#steps.push(...steps);
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    this.#serve(pending.into, pending.settle);
  }

  read(into: Uint8Array): Promise<number | null> {
    const settle = Promise.withResolvers<number | null>();
    if (this.#steps.length > 0) this.#serve(into, settle);
    else this.#pending = { into, settle };
    return settle.promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.onWrite(bytes);
  }

  close(): void {
    if (this.closed) throw new Deno.errors.BadResource("closed twice");
    this.closed = true;
    this.#pending?.settle.reject(new Deno.errors.Interrupted("closed"));
    this.#pending = undefined;
  }

  #serve(into: Uint8Array, settle: PromiseWithResolvers<number | null>): void {
    const step = this.#steps.shift()!;
    this.reads += 1;
    if (step === null) return settle.resolve(null);
    if (step instanceof Error) return settle.reject(step);
    const part = step.subarray(0, into.length);
    into.set(part);
    if (part.length < step.length) this.#steps.unshift(step.subarray(part.length));
    settle.resolve(part.length);
  }
}
