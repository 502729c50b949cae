/**
 * What holds for the text of any file.
 *
 * @module
 */

/** Something to put right. */
export interface Problem {
  path: string;
  line: number;
  what: string;
}

const MAX_LINES = 400;
const BINARY = /\.(?:wasm|png|bin|gz|pcap|pcapng)$/;
const GENERATED = /^(?:\/\/|#) Generated /;

/** What no line may hold. The brackets keep the rules from finding themselves. */
const FORBIDDEN: readonly [RegExp, string][] = [
  [/\b(?:[T]ODO|[F]IXME)\b/, "leaves something to do"],
  [/(?<![\w.*}/-])\/(?:[t]mp|[r]oot|[h]ome|[U]sers|[w]ork)\//, "holds a path of one machine"],
  [/\r/, "ends in a carriage return"],
];

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Length, encoding and forbidden words of one file. */
export function checkText(path: string, bytes: Uint8Array): Problem[] {
  if (BINARY.test(path)) return [];
  const text = decode(bytes);
  if (text === undefined) return [{ path, line: 1, what: "is not UTF-8" }];
  const lines = text.split("\n");
  const problems = lines.flatMap((content, index) =>
    FORBIDDEN
      .filter(([pattern]) => pattern.test(content))
      .map(([, what]) => ({ path, line: index + 1, what }))
  );
  const length = lines.length - 1;
  if (/\.(?:ts|zig)$/.test(path) && length > MAX_LINES && !GENERATED.test(text)) {
    problems.push({ path, line: 1, what: `has ${length} lines, ${MAX_LINES} are allowed` });
  }
  return problems;
}
