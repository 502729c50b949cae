/**
 * A promise with its resolvers, and of others' promises.
 *
 * @module
 */

/** `Promise.withResolvers()`, by hand for Node 20, which lacks it. */
export const withResolvers: <T>() => PromiseWithResolvers<T> =
  Promise.withResolvers?.bind(Promise) ?? byHand;

function byHand<T>(): PromiseWithResolvers<T> {
  let resolve!: PromiseWithResolvers<T>["resolve"];
  let reject!: PromiseWithResolvers<T>["reject"];
  const promise = new Promise<T>((...resolvers) => [resolve, reject] = resolvers);
  return { promise, resolve, reject };
}

const NOTHING = {};

/** `value` as a promise of ours if it is one of whatever make, else `undefined`. Throws what its `then` throws. */
export function promised<T>(value: T): Promise<Awaited<T>> | undefined {
  const { then } = (value ?? NOTHING) as Partial<PromiseLike<unknown>>;
  // Of what is no promise nobody knows what its then() gives back.
  return typeof then === "function" ? Promise.resolve(value) : undefined;
}
