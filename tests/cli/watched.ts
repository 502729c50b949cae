/** Runs of the command line that are watched while they run. */
import { until, within } from "../client/harness.ts";
import { PATIENCE_MS } from "../isolation/runs.ts";
import { start } from "./spillway.ts";

/** A run of the command line, and what it has said. */
export class Watched implements AsyncDisposable {
  said = "";
  readonly child: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  constructor(permissions: string[], args: string[]) {
    this.child = start(permissions, args);
    this.#reading = this.#read();
  }

  /** Resolves when it has said `text` behind what it had said at `from`. */
  async says(text: string, from = 0): Promise<void> {
    await until(() => this.said.includes(text, from), `${text} in ${this.said}`, PATIENCE_MS);
  }

  async ended(): Promise<number> {
    const { code } = await within(this.child.status, "end of the command", PATIENCE_MS);
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.child.stdout.cancel();
    await this.ended();
  }

  async #read(): Promise<void> {
    for await (const text of this.child.stderr.pipeThrough(new TextDecoderStream())) {
      this.said += text;
    }
  }
}
