/**
 * Puts reports out: for people, for programs, as a page.
 *
 * @module
 */

import type { DoctorReport } from "../../doctor/mod.ts";
import { messageOf } from "../../src/errors.ts";
import { permissionError } from "../permission.ts";
import { OutputError } from "../standard_streams.ts";
import { terminalSize } from "../terminal_size.ts";
import { printable } from "../words.ts";
import type { DoctorPlan } from "./doctor_flags.ts";
import { reportText } from "./report_text.ts";

/** Narrower than the terminal, lines can be read. */
const COLUMNS_MAX = 110;
const COLUMNS_DEFAULT = 80;

/** Where the reports of a run go. */
export class ReportOutput {
  readonly #plan: DoctorPlan;
  #first = true;

  constructor(plan: DoctorPlan) {
    this.#plan = plan;
  }

  /** Puts the report of one capture out. */
  async put(name: string, report: DoctorReport): Promise<void> {
    const { json, html, files } = this.#plan;
    if (html !== undefined) await this.#page(html, report);
    if (json) console.log(JSON.stringify({ file: name, ...report }));
    else console.log((files.length > 1 ? this.#heading(name) : "") + this.#text(report));
    this.#first = false;
  }

  #heading(name: string): string {
    return `${this.#first ? "" : "\n"}${name === "-" ? "standard input" : printable(name)}\n\n`;
  }

  #text(report: DoctorReport): string {
    const terminal = Deno.stdout.isTerminal();
    const { all } = this.#plan;
    return reportText(report, {
      colour: terminal,
      width: terminal ? Math.min(COLUMNS_MAX, terminalSize().columns) : COLUMNS_DEFAULT,
      ...all ? { rows: Infinity, details: Infinity } : {},
    });
  }

  async #page(file: string, report: DoctorReport): Promise<void> {
    const { page } = await import("./page.ts");
    try {
      await Deno.writeTextFile(file, page(report));
    } catch (error) {
      throw permissionError("--html", error) ??
        new OutputError(`${file} can't be written: ${messageOf(error)}`);
    }
  }
}
