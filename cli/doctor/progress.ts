/**
 * How far reading a capture is.
 *
 * @module
 */

import type { CaptureProgress } from "../../doctor/mod.ts";
import { STATUS_EVERY_MS, type StatusLine } from "../status_line.ts";
import { bytes, whole } from "../words.ts";
import type { CaptureFile } from "./capture_file.ts";

/** Shows it now and then. */
export class Progress {
  readonly #status: StatusLine;
  readonly #file: CaptureFile;
  #shownAt = performance.now();

  constructor(status: StatusLine, file: CaptureFile) {
    this.#status = status;
    this.#file = file;
  }

  /** So much was read. */
  show({ packets }: CaptureProgress): void {
    const now = performance.now();
    if (!this.#status.live || now - this.#shownAt < STATUS_EVERY_MS) return;
    this.#shownAt = now;
    const { bytesRead, size, name } = this.#file;
    const share = size === undefined || size === 0
      ? bytes(bytesRead)
      : `${Math.floor(100 * bytesRead / size)} % of ${bytes(size)}`;
    this.#status.show(
      `${name === "-" ? "standard input" : name}: ${share}, ${whole(packets)} packets`,
    );
  }
}
