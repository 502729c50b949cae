/**
 * A promise with its resolvers, and what is done with others' promises.
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

/** `promise`, of which nobody needs to hear that it rejects: what it says is told by another way, too. */
export function abandonable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
