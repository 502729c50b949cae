/**
 * Virtual time. What runs in a world sees its clock, its timers and its turns of
 * the event loop and no others, so that the order of everything follows from the
 * seed: between two events the microtasks run until none is left.
 */
import type { Random } from "../spill/random.ts";
import { random } from "../spill/random.ts";

/** Reading the clock takes its time too: no two readings are the same. */
const READING_MS = 0.0005;
/** A turn of the event loop. */
const TURN_MS = 0.0025;
/** So much longer than asked a thread rests. */
const REST_LATE_MS = 0.06;

interface Timer {
  id: number;
  due: number;
  fire: () => void;
  /** The client set it, and not the world around it. */
  clients: boolean;
}

/** One virtual machine. */
export class World {
  /** All chance of a run comes from here. */
  readonly draw: Random;
  /** Events so far. */
  steps = 0;
  /** How often the clock was read. */
  readings = 0;
  /** Milliseconds since the beginning. */
  #now = 0;
  #timers: Timer[] = [];
  #turns: (() => void)[] = [];
  #lastId = 0;
  #hash = 0x811c9dc5;
  /** The last lines of the trace, if they are kept. */
  readonly lines: string[] | undefined;

  constructor(seed: number, keepLines = false) {
    this.draw = random(seed);
    this.lines = keepLines ? [] : undefined;
  }

  /** Milliseconds since the beginning, without taking any. */
  get now(): number {
    return this.#now;
  }

  /** Tells runs apart: a hash of all that was traced. */
  get hash(): number {
    return this.#hash >>> 0;
  }

  /** What `performance.now()` gives. */
  read(): number {
    this.readings += 1;
    return this.#now += READING_MS;
  }

  /** Computes for `ms`: time passes, and nothing else happens. */
  compute(ms: number): void {
    this.#now += ms;
  }

  /** Notes what happened. */
  trace(what: string): void {
    const line = `${this.#now.toFixed(4)} ${what}`;
    for (let i = 0; i < line.length; i++) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(i), 0x01000193);
    }
    this.lines?.push(line);
  }

  /** Calls `fire` in `ms`. */
  after(ms: number, fire: () => void, clients = false): number {
    const id = this.#lastId += 1;
    this.#arm(id, ms, fire, clients);
    return id;
  }

  /** What `setInterval()` does: calls `fire` every `ms`. */
  every(ms: number, fire: () => void): number {
    const id = this.#lastId += 1;
    const arm = () =>
      this.#arm(id, ms, () => {
        arm();
        fire();
      }, true);
    arm();
    return id;
  }

  /** Timers the client has set and not called off. */
  get clientTimers(): number {
    return this.#timers.filter(({ clients }) => clients).length;
  }

  /** Calls a timer off. */
  cancel(id: number | undefined): void {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  }

  /** Calls `run` at the next turn of the event loop. */
  turn(run: () => void): void {
    this.#turns.push(run);
  }

  /** Resolves in `ms`. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** The process dies: nothing it waited for comes any more. */
  kill(): void {
    this.trace("kill");
    this.#timers = [];
    this.#turns = [];
  }

  /** Lets the next event happen; false if there is none. */
  step(): boolean {
    const turns = this.#turns;
    if (turns.length > 0) this.#now += TURN_MS;
    const [timer] = this.#timers;
    if (timer !== undefined && (turns.length === 0 || timer.due <= this.#now)) {
      this.#timers.shift();
      this.#now = Math.max(this.#now, timer.due);
      this.steps += 1;
      timer.fire();
      return true;
    }
    if (turns.length === 0) return false;
    this.#turns = [];
    this.steps += 1;
    for (const run of turns) run();
    return true;
  }

  #arm(id: number, ms: number, fire: () => void, clients: boolean): void {
    const due = this.#now + Math.max(0, ms);
    let at = this.#timers.length;
    while (at > 0 && this.#timers[at - 1].due > due) at--;
    this.#timers.splice(at, 0, { id, due, fire, clients });
  }
}

type Target = Record<PropertyKey, unknown>;

const realImmediate = (globalThis as unknown as { setImmediate: (run: () => void) => void })
  .setImmediate;

/** Resolves when no microtask is left. */
export function settled(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}

let current: World | undefined;

/**
 * Stays in place: modules may keep it. Without a world it is the real one.
 */
function setImmediate(run: () => void): void {
  if (current === undefined) realImmediate(run);
  else current.turn(run);
}

/** Puts `world` in the place of the clock, the timers, chance and connecting, until disposed. */
export function enter(world: World, connect: typeof Deno.connect): Disposable {
  const restores: (() => void)[] = [];
  const put = (target: object, name: string, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
    restores.push(() =>
      before === undefined
        ? delete (target as Target)[name]
        : Object.defineProperty(target, name, before)
    );
  };
  current = world;
  put(performance, "now", () => world.read());
  put(globalThis, "setTimeout", (fire: () => void, ms = 0) => world.after(ms, fire, true));
  put(globalThis, "clearTimeout", (id: number) => world.cancel(id));
  put(globalThis, "setInterval", (fire: () => void, ms = 0) => world.every(ms, fire));
  put(globalThis, "clearInterval", (id: number) => world.cancel(id));
  put(globalThis, "setImmediate", setImmediate);
  put(Math, "random", world.draw);
  put(Atomics, "wait", (_cell: Int32Array, _at: number, _value: number, ms: number) => {
    world.compute(ms + REST_LATE_MS);
    return "timed-out";
  });
  // None of the client's that must be called off: they keep no process from ending.
  put(AbortSignal, "timeout", (ms: number) => {
    const controller = new AbortController();
    world.after(ms, () => controller.abort(new DOMException("timed out", "TimeoutError")));
    return controller.signal;
  });
  put(Deno, "connect", connect);
  return {
    [Symbol.dispose]() {
      current = undefined;
      for (const restore of restores.reverse()) restore();
    },
  };
}
