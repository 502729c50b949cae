/**
 * A standard error that can't be written, as where the disk that logs go to is full.
 *
 * @module
 */

/** Methods of a console that print there. */
const METHODS = ["warn", "error"] as const;

/** Has `target` drop what can't be written on standard error: that is no reason to fail. */
export function forgiveFullLog(target: Pick<Console, typeof METHODS[number]>): void {
  for (const name of METHODS) {
    const print = target[name];
    target[name] = (...values: unknown[]) => {
      try {
        print(...values);
      } catch {
        // There is no other place to say it.
      }
    };
  }
}
