/**
 * What is wrong with a config file, each with its place.
 *
 * @module
 */

import type * as z from "zod";

type Issue = z.core.$ZodIssue;
/** Keys and indices that lead to a place. */
export type Path = readonly PropertyKey[];

/** A place in the file, as `handlers.store.grants.net[0]`. */
export function pathText(path: Path): string {
  return path.map((part, i) =>
    typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${String(part)}`
  ).join("");
}

/** What is wrong at a place. */
export interface Placed {
  path: Path;
  sentence: string;
  /** There is a key that means nothing. */
  unknown: boolean;
}

/** What is wrong, in the order of the file's keys as they were found. */
export function placed(issues: readonly Issue[], at: Path = []): Placed[] {
  return issues.flatMap((issue) => {
    const path = [...at, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const lines = issue.message.split("\n");
      return issue.keys.map((key, i) => ({
        path: [...path, key],
        sentence: lines[i],
        unknown: true,
      }));
    }
    // The alternative that is of the value's kind says more than that none fits.
    const meant = issue.code === "invalid_union" ? meantBy(issue) : undefined;
    if (meant !== undefined) return placed(meant, path);
    return [{ path, sentence: issue.message, unknown: false }];
  });
}

/** The issues of the one alternative that goes wrong inside of the value, if there is one. */
function meantBy(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const inside = issue.errors.filter((issues) =>
    issues.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys")
  );
  return inside.length === 1 ? inside[0] : undefined;
}

/** A line. */
export function problem(path: Path, sentence: string): string {
  return path.length === 0 ? sentence : `${pathText(path)}: ${sentence}`;
}
