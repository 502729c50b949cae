/**
 * A promise with its resolvers.
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
