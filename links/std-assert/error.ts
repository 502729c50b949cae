/** What every failed assertion throws. */
export class AssertionError extends Error {
  /** Always `"AssertionError"`. */
  override name = "AssertionError";
}

/** Throws an {@linkcode AssertionError} that says `what`, then `msg` if there is one. */
export function refuse(what: string, msg?: string): never {
  throw new AssertionError(msg ? `${what}: ${msg}` : `${what}.`);
}

/** Fails. */
export function fail(msg?: string): never {
  refuse("Failed assertion", msg);
}
