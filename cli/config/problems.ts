/**
 * What is wrong with a config file, each with its place.
 *
 * @module
 */

import type * as z from "zod";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** A place in the file, as `handlers.store.grants.net[0]`. */
export function pathText(path: Path): string {
  return path.map((part, i) =>
    typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${String(part)}`
  ).join("");
}

/** One line a problem, in the order of the file's keys as they were found. */
export function problemsOf(issues: readonly Issue[], at: Path = []): string[] {
  return issues.flatMap((issue) => {
    const path = [...at, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const lines = issue.message.split("\n");
      return issue.keys.map((key, i) => problem([...path, key], lines[i]));
    }
    // The alternative that is of the value's kind says more than that none fits.
    const meant = issue.code === "invalid_union" ? meantBy(issue) : undefined;
    return meant === undefined ? [problem(path, issue.message)] : problemsOf(meant, path);
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
