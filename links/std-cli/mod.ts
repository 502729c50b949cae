/**
 * Stands in for `@std/cli` where JSR is out of reach: what this project uses of it.
 *
 * @module
 */

export * from "./parse_args.ts";
