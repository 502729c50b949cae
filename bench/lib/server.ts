import { benchPath } from "./command.ts";

/** What the server printed of one client. */
export interface ServerReport {
  frames: number;
  sum: string;
  bytes: number;
  p50_us?: number;
  p99_us?: number;
  max_us?: number;
  /** Of a paced feed: how long the socket took nothing, in all and at a stretch, and how late the last byte was. */
  blocked_ms?: number;
  longest_ms?: number;
  behind_ms?: number;
}

/** Reads lines of a process as they come. */
export class Lines {
  #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line, or `undefined` at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const newline = this.#text.indexOf("\n");
      if (newline >= 0) {
        const line = this.#text.slice(0, newline);
        this.#text = this.#text.slice(newline + 1);
        return line;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** The push server of bench/server.c, listening. */
export class Server implements AsyncDisposable {
  /** Where it listens, on loopback. */
  readonly port: number;
  readonly #child: Deno.ChildProcess;
  readonly #lines: Lines;

  private constructor(child: Deno.ChildProcess, lines: Lines, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.port = port;
  }

  /** Starts a server; `args` are what stands behind PORT in its usage. */
  static async start(args: string[]): Promise<Server> {
    const child = new Deno.Command(benchPath("build/server"), {
      args: ["0", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = new Lines(child.stdout);
    const port = Number((await lines.next())?.replace(/^port /, ""));
    const server = new Server(child, lines, port);
    if (port > 0) return server;
    await server[Symbol.asyncDispose]();
    throw new Error("expected a port from the server, got none");
  }

  /** What it has to say on the next client it is through with; `undefined` if it broke off. */
  async report(): Promise<ServerReport | undefined> {
    const said = await this.#lines.next();
    return said === undefined ? undefined : JSON.parse(said);
  }

  /** Ends a server whose client broke off; one that is through has ended by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#lines.close();
    await this.#child.status;
  }
}
