/**
 * Finds the fenced code blocks of documents and doc comments.
 *
 * @module
 */

/** A fenced code block. */
export interface Snippet {
  path: string;
  /** The line its fence opens in. */
  line: number;
  language: "ts" | "sh";
  /** Its fence says neither `no-run` nor `ignore`. */
  runs: boolean;
  /** From `server="…"` of its fence: flags of the push server it talks to. */
  server?: string[];
  /** From `read="…"` of its fence: what it may read. */
  read?: string;
  code: string;
}

const FENCE = /^(\s*)(`{3,})(\w*)([^`]*)$/;
const DOC_LINE = /^\s*\* ?/;
const LANGUAGES: Readonly<Record<string, Snippet["language"]>> = {
  ts: "ts",
  typescript: "ts",
  sh: "sh",
  bash: "sh",
};

/** The lines of doc comments, and nothing for the others. */
function docLines(text: string): string[] {
  let inside = false;
  return text.split("\n").map((line) => {
    if (/^\s*\/\*\*/.test(line)) inside = true;
    const doc = inside && DOC_LINE.test(line) ? line.replace(DOC_LINE, "") : "";
    if (line.includes("*/")) inside = false;
    return doc;
  });
}

/** The `ts` and `sh` blocks of a Markdown file or a TypeScript module's doc comments. */
export function snippets(path: string, text: string): Snippet[] {
  const lines = path.endsWith(".ts") ? docLines(text) : text.split("\n");
  const found: Snippet[] = [];
  let open: { fence: string; indent: number; snippet?: Snippet } | undefined;
  lines.forEach((content, index) => {
    const [, indent, fence, language, rest] = FENCE.exec(content) ?? [];
    if (open === undefined) {
      if (fence === undefined) return;
      const known = LANGUAGES[language];
      const runs = !/\b(?:no-run|ignore)\b/.test(rest);
      const server = /\bserver="([^"]*)"/.exec(rest)?.[1].split(" ");
      const read = /\bread="([^"]*)"/.exec(rest)?.[1];
      const snippet = known &&
        { path, line: index + 1, language: known, runs, server, read, code: "" };
      open = { fence, indent: indent.length, snippet };
      if (snippet) found.push(snippet);
    } else if (fence === open.fence && language === "") {
      open = undefined;
    } else if (open.snippet) {
      open.snippet.code += content.slice(open.indent) + "\n";
    }
  });
  return found;
}
