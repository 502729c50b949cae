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
    const { offset: at, length } = error ?? { offset: text.length, length: 0 };
    if (at >= text.trimEnd().length) {
      throw new SyntaxError("Cannot parse JSONC: unexpected end of JSONC input");
    }
    const token = text.slice(at, at + length);
    throw new SyntaxError(
      `Cannot parse JSONC: unexpected token "${token}" in JSONC at position ${at}`,
    );
  }
  // Of ordinary objects, as the real one has them.
  return JSON.parse(JSON.stringify(getNodeValue(tree)));
}
