/**
 * When frames are due. The world produces them at its pace, whether or not the
 * client reads.
 *
 * @module
 */

/** How fast a source produces. */
export type Pace =
  /** As fast as the client takes them. */
  | { type: "flat_out" }
  /** Evenly, so many frames a second. */
  | { type: "rate"; rate: number }
  /** `frames` at once, every `everyMs`. */
  | { type: "burst"; frames: number; everyMs: number }
  /** So many frames a second for `onMs`, then nothing for `offMs`, and again. */
  | { type: "on_off"; rate: number; onMs: number; offMs: number }
  /** Frame i so many ms after the start as `dueMs[i]` says, which never falls. */
  | { type: "timeline"; dueMs: readonly number[] };

/** A pace that depends on time only. */
export type TimedPace = Exclude<Pace, { type: "flat_out" }>;

/** When frame `index` is due, in ms after the start. Frame 0 is due at once, on a timeline when that says. */
export function dueAt(pace: TimedPace, index: number): number {
  switch (pace.type) {
    case "rate":
      return index * 1000 / pace.rate;
    case "burst":
      return Math.floor(index / pace.frames) * pace.everyMs;
    case "on_off": {
      const framesPerRound = framesPerOn(pace);
      const round = Math.floor(index / framesPerRound);
      return round * (pace.onMs + pace.offMs) +
        (index - round * framesPerRound) * 1000 / pace.rate;
    }
    case "timeline":
      return pace.dueMs[index] ?? Infinity;
  }
}

/** How many frames are due `elapsedMs` after the start: all `i` with `dueAt(i) <= elapsedMs`. */
export function framesDue(pace: TimedPace, elapsedMs: number): number {
  switch (pace.type) {
    case "rate":
      return Math.floor(elapsedMs * pace.rate / 1000) + 1;
    case "burst":
      return (Math.floor(elapsedMs / pace.everyMs) + 1) * pace.frames;
    case "on_off": {
      const framesPerRound = framesPerOn(pace);
      const round = Math.floor(elapsedMs / (pace.onMs + pace.offMs));
      const inRound = elapsedMs - round * (pace.onMs + pace.offMs);
      return round * framesPerRound +
        Math.min(framesPerRound, Math.floor(inRound * pace.rate / 1000) + 1);
    }
    case "timeline":
      return countUpTo(pace.dueMs, elapsedMs);
  }
}

/** How many of the rising `values` are not above `limit`. */
function countUpTo(values: readonly number[], limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = low + high >> 1;
    if (values[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whole frames of one on-time, at least one. */
function framesPerOn(pace: { rate: number; onMs: number }): number {
  return Math.max(1, Math.ceil(pace.rate * pace.onMs / 1000));
}

/** Throws a `RangeError` unless every number of `pace` is above 0. */
export function assertPace(pace: Pace): void {
  for (const [name, value] of Object.entries(pace)) {
    if (typeof value === "number" && !(value > 0)) {
      throw new RangeError(`${name} of pace ${pace.type} must be above 0, got ${value}`);
    }
  }
  if (pace.type === "burst" && !Number.isInteger(pace.frames)) {
    throw new RangeError(`A burst has a whole number of frames, got ${pace.frames}`);
  }
}
