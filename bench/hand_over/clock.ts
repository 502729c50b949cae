/** Milliseconds of a clock that all isolates of a process have in common. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}
