/**
 * Which module may import which, and which may print.
 *
 * @module
 */

import { type Layer, LAYERED, LAYERS } from "./layers.ts";
import { dirname, join } from "node:path/posix";
import type { Problem } from "./text.ts";

const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;
/** Not "from" or "--allow-import" in quotes, which are texts. */
const IMPORT = /(?<!["'-])(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g;
const PRINTS = /\bconsole\.\w+|\bDeno\.(?:exit|stdout|stderr)\b|\bprompt\(|\balert\(/g;

function lengthOfMatch(layer: Layer, path: string): number {
  const matches = layer.paths.filter((prefix) =>
    prefix === path || (prefix.endsWith("/") && path.startsWith(prefix))
  );
  return Math.max(0, ...matches.map((match) => match.length));
}

/** The index of the layer `path` is in, -1 if in none. */
function layerOf(path: string, layers: readonly Layer[]): number {
  const lengths = layers.map((layer) => lengthOfMatch(layer, path));
  const longest = Math.max(...lengths);
  return longest === 0 ? -1 : lengths.indexOf(longest);
}

/** The same text with blanks for comments, so that positions stay. */
function withoutComments(text: string): string {
  return text.replace(COMMENT, (comment) => comment.replace(/[^\n]/g, " "));
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** What is wrong with one import, if anything. */
function importProblem(
  path: string,
  specifier: string,
  layers: readonly Layer[],
): string | undefined {
  const own = layerOf(path, layers);
  if (!specifier.startsWith(".")) {
    if (layers[own].outside?.some((start) => specifier.startsWith(start))) return undefined;
    return `imports ${specifier}, which is outside of the package`;
  }
  const target = join(dirname(path), specifier);
  const other = layerOf(target, layers);
  if (other === -1) return `imports ${target}, which is in no layer`;
  if (other <= own) return undefined;
  return `imports ${target}: ${layers[own].name} comes before ${layers[other].name}`;
}

/** Imports of later layers or from outside, and printing where only programs print. */
export function checkModule(
  path: string,
  text: string,
  layers: readonly Layer[] = LAYERS,
  layered: readonly string[] = LAYERED,
): Problem[] {
  if (!path.endsWith(".ts")) return [];
  const own = layerOf(path, layers);
  if (own === -1) {
    if (!layered.some((folder) => path.startsWith(folder))) return [];
    return [{ path, line: 1, what: "is in no layer of tools/tidy/layers.ts" }];
  }
  const code = withoutComments(text);
  const problems: Problem[] = [];
  for (const { 1: specifier, index } of code.matchAll(IMPORT)) {
    const what = importProblem(path, specifier, layers);
    if (what !== undefined) problems.push({ path, line: lineAt(code, index), what });
  }
  for (const { 0: call, index } of layers[own].prints ? [] : code.matchAll(PRINTS)) {
    const what = `uses ${call}, but only the command line may print or exit`;
    problems.push({ path, line: lineAt(code, index), what });
  }
  return problems;
}
