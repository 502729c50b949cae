/**
 * Text for a terminal: its width, its colours, and what it can show.
 *
 * @module
 */

import { coloured, printable } from "../words.ts";

/** What a terminal can. */
export interface TextOptions {
  /** Whether colours may be used; they are not where NO_COLOR is set. */
  colour: boolean;
  /** Columns. Default: 80 */
  width?: number;
  /** Whether only ASCII may be used. Default: false */
  ascii?: boolean;
}

/** Narrower than this, lines are as long as they get. */
const MIN_WIDTH = 40;

const PLAIN: readonly [RegExp, string][] = [
  [/→/g, "->"],
  [/ · /g, "; "],
  [/[–—]/g, "-"],
  [/[“”]/g, '"'],
  [/[‘’]/g, "'"],
  [/…/g, "..."],
  [/µ/g, "u"],
];

/** Puts text together for one terminal. */
export class Layout {
  /** Columns. */
  readonly width: number;
  /** Whether only ASCII may be used. */
  readonly ascii: boolean;
  readonly #stream: { isTerminal(): boolean };

  /** For a terminal that can do `options`. */
  constructor({ colour, width = 80, ascii = false }: TextOptions) {
    this.width = Math.max(MIN_WIDTH, width);
    this.ascii = ascii;
    this.#stream = { isTerminal: () => colour };
  }

  /** In a colour, if there are any. */
  paint(colour: Parameters<typeof coloured>[0], text: string): string {
    return text === "" ? text : coloured(colour, text, this.#stream);
  }

  /** Without what could fool the terminal, or what it can't show. */
  clean(text: string): string {
    const safe = printable(text);
    if (!this.ascii) return safe;
    return PLAIN.reduce((plain, [from, to]) => plain.replace(from, to), safe).replace(
      /[^\t -~]/gu,
      "?",
    );
  }

  /** `text` cut into lines of at most the width less `indent`. */
  wrap(text: string, indent = 0): string[] {
    const room = this.width - indent;
    const lines: string[] = [];
    for (const word of this.clean(text).split(" ")) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= room) {
        lines[lines.length - 1] = `${last} ${word}`;
      } else lines.push(word);
    }
    return lines;
  }

  /** `text` behind `head`, its further lines below its first. */
  hanging(head: string, text: string, paintHead = (painted: string) => painted): string[] {
    return this.wrap(text, head.length).map((line, i) =>
      (i === 0 ? paintHead(head) : " ".repeat(head.length)) + line
    );
  }
}
