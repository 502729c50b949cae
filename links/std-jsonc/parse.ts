/**
 * `parse` over `jsonc-parser`: JSON with comments and trailing commas.
 *
 * @module
 */

import { getNodeValue, type ParseError, parseTree } from "npm:jsonc-parser@3.3.1";

/** What JSON can say. */
export type JsonValue =
  | { [key: string]: JsonValue | undefined }
  | JsonValue[]
  | string
  | number
  | boolean
  | null;

/** The value of a text in JSON with comments; throws a `SyntaxError` with the position of what is none. */
export function parse(text: string): JsonValue {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true, disallowComments: false });
  const [error] = errors;
  if (error !== undefined || tree === undefined) {
    const at = error?.offset ?? text.length;
    if (at >= text.trimEnd().length) throw new SyntaxError("Unexpected end of JSONC input");
    throw new SyntaxError(`Unexpected token ${text[at]} in JSONC at position ${at}`);
  }
  // Of ordinary objects, as the real one has them.
  return JSON.parse(JSON.stringify(getNodeValue(tree)));
}
