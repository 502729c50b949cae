/**
 * A promise with its resolvers.
 *
 * @module
 */

/** `Promise.withResolvers()`, which Node 20 lacks. */
export function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: PromiseWithResolvers<T>["resolve"];
  let reject!: PromiseWithResolvers<T>["reject"];
  const promise = new Promise<T>((...resolvers) => [resolve, reject] = resolvers);
  return { promise, resolve, reject };
}
