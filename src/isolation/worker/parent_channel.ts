/**
 * The way to a client that started the worker itself.
 *
 * @module
 */

export { toParent as channel } from "./scope.ts";
