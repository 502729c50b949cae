/**
 * Starting the demo's processes and hearing what they tell.
 *
 * @module
 */

/** How long a process may take to end once its standard input has ended. */
const END_WITHIN_MS = 2_000;

/** A running process that tells messages of type `M`. */
export class Process<M> implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  /** What it tells, until it ends. */
  readonly messages: AsyncIterableIterator<M>;

  /** Runs `file` of this directory with `task` and network access to `net` only. */
  constructor(file: string, net: string, task: unknown) {
    this.#child = new Deno.Command(denoCommand(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-config",
        "--no-lock",
        `--allow-net=${net}`,
        import.meta.resolve(`./${file}`),
        JSON.stringify(task),
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.messages = messagesOf<M>(this.#child.stdout);
  }

  /** Gives it the word to begin. */
  async go(): Promise<void> {
    await this.#input.write(new TextEncoder().encode("go\n"));
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // The process may be gone already, and its end of the pipe with it.
    await this.#input.close().catch(() => {});
    const kill = setTimeout(() => this.#child.kill(), END_WITHIN_MS);
    await Promise.all([drop(this.messages), this.#child.status]);
    clearTimeout(kill);
  }
}

/** The running Deno, or by name if only that is permitted. */
function denoCommand(): string {
  const command = Deno.execPath();
  const { state } = Deno.permissions.querySync({ name: "run", command });
  return state === "granted" ? command : "deno";
}

async function* messagesOf<M>(output: ReadableStream<Uint8Array>): AsyncIterableIterator<M> {
  let rest = "";
  for await (const text of output.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as M;
  }
}

async function drop(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}
