/**
 * Stands in for `@std/assert` where JSR is out of reach: what this project uses of it, over
 * `node:assert` and `node:util`.
 *
 * @module
 */

export * from "./compare.ts";
export * from "./equal.ts";
export * from "./error.ts";
export * from "./throw.ts";
export * from "./value.ts";
