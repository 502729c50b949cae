/**
 * HTML in which every text is escaped, unless it is HTML already.
 *
 * @module
 */

import { printable } from "../words.ts";

/** HTML, as {@linkcode markup} makes it. */
export class Html {
  /** For {@linkcode markup} and what the package itself wrote. */
  constructor(readonly text: string) {}
}

/** What may stand in a template: `undefined` and `false` are nothing. */
export type Part = Html | string | number | undefined | false | readonly Part[];

/** A template whose parts are escaped, for elements and for attributes in double quotes. */
export function markup(literals: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(
    literals.map((literal, i) => i === 0 ? literal : textOf(parts[i - 1]) + literal).join(""),
  );
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(textOf).join("");
  return escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** `text` so that HTML shows it as it is, with what is unprintable as codes. */
function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** `value` as JSON for a `<script type="application/json">`: no text in it can end the element. */
export function json(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/</g, "\\u003c"));
}
