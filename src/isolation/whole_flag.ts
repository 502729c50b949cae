/**
 * What Deno says of a missing right, with the whole flag to add.
 *
 * @module
 */

/** Where this package's modules are. Whoever may not read one may read none of the others, if they are files. */
export const OWN_SOURCE: string = decodeURIComponent(new URL("..", import.meta.url).pathname)
  .replace(/\/$/, "");

/** Deno's message, with the path in the flag where it leaves that out. */
export function withWholeFlag(message: string): string {
  return message.replace(
    /Requires (\w+) access to "([^"\n]+)", run again with the --allow-\1 flag/,
    (_, kind, path) => {
      const needed = kind === "read" && path.startsWith(`${OWN_SOURCE}/`) ? OWN_SOURCE : path;
      return `Requires ${kind} access to "${path}", run again with --allow-${kind}=${needed}`;
    },
  );
}
