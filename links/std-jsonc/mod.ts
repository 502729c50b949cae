/**
 * Stands in for `@std/jsonc` where JSR is out of reach: what this project uses of it.
 *
 * @module
 */

export * from "./parse.ts";
