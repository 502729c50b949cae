/**
 * The flags that permit to use an address.
 *
 * @module
 */

/** What connecting to `name`, or listening there, needs; Deno's own messages tell of one at a time. */
export function flagsFor(name: string): string {
  if (!name.startsWith("unix:")) return `--allow-net=${name}`;
  const path = name.slice("unix:".length);
  const absolute = absolutePath(path);
  if (absolute === undefined) {
    return `${unixFlags("PATH")}, where PATH is the absolute path of ${path}`;
  }
  return unixFlags(absolute);
}

/** Deno takes a relative path for reading and writing, but refuses to start with one in `--allow-net`. */
function unixFlags(path: string): string {
  return `--allow-net=unix:${path} --allow-read=${path} --allow-write=${path}`;
}

/** `undefined` where Deno does not say what the path is relative to. */
export function absolutePath(path: string): string | undefined {
  if (/^(?:\/|[A-Za-z]:)/.test(path)) return path;
  try {
    return `${Deno.cwd()}/${path.replace(/^(?:\.\/)+/, "")}`;
  } catch {
    return undefined;
  }
}
