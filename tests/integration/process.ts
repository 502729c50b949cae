/** Processes inside a namespace: servers, whose output is kept, and the programs of `programs/`. */
import { linesOf } from "../servers/lines.ts";
import type { Netns } from "../servers/netns.ts";
import { until } from "./until.ts";

/** Runs a server until standard input ends: however a test fares, no server outlives it. */
const UNTIL_INPUT_ENDS = `"$@" &
server=$!
cat > /dev/null
kill $server
wait $server`;

/** How long a process may take to end when it is asked to. */
const END_WITHIN_MS = 3_000;

async function keep(lines: AsyncIterable<string>, log: string[]): Promise<void> {
  for await (const line of lines) log.push(line);
}

/** A server. */
export class Daemon implements AsyncDisposable {
  /** Every line it has written. */
  readonly log: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;

  constructor(netns: Netns, command: string, args: string[]) {
    this.#child = netns.command("sh", {
      args: ["-c", UNTIL_INPUT_ENDS, "sh", command, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const { stdout, stderr } = this.#child;
    this.#reading = Promise.all([stdout, stderr].map((out) => keep(linesOf(out), this.log)));
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stdin.close();
    await Promise.all([this.#child.status, this.#reading]);
  }
}

/** A program that is told and tells JSON, one object a line. */
export class Program<M extends { type: string }> implements AsyncDisposable {
  /** The process. */
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #last = new Map<string, M>();
  readonly #reading: Promise<unknown>;
  #ended = false;

  /** Runs `programs/NAME.ts` with `task`. */
  constructor(netns: Netns, name: string, task: unknown) {
    const file = new URL(`programs/${name}.ts`, import.meta.url).pathname;
    const rights = ["--no-prompt", "--no-config", "--no-lock", "--allow-net=127.0.0.1"];
    this.#child = netns.command(Deno.execPath(), {
      args: ["run", "--quiet", ...rights, file, JSON.stringify(task)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.#name = name;
    this.#input = this.#child.stdin.getWriter();
    this.#reading = this.#hear();
  }

  async #hear(): Promise<void> {
    for await (const line of linesOf(this.#child.stdout)) {
      const message: M = JSON.parse(line);
      this.#last.set(message.type, message);
    }
    this.#ended = true;
  }

  /** Tells it something. */
  async tell(message: unknown): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  /** What it told last of a type. */
  last<T extends M["type"]>(type: T): Extract<M, { type: T }> | undefined {
    return this.#last.get(type) as Extract<M, { type: T }> | undefined;
  }

  /** Waits until it has told `type`, so that `holds`. */
  async told<T extends M["type"]>(
    type: T,
    limitMs: number,
    holds: (message: Extract<M, { type: T }>) => boolean = () => true,
  ): Promise<Extract<M, { type: T }>> {
    return await until(`${this.#name} tells "${type}"`, limitMs, () => {
      const ended = this.#ended;
      const message = this.last(type);
      if (message !== undefined && holds(message)) return message;
      if (ended) throw new Error(`${this.#name} ended before it told "${type}"`);
    });
  }

  /** Lets it know that it is to end. */
  async stop(): Promise<void> {
    // It may be gone already, and its end of the pipe with it.
    await this.#input.close().catch(() => {});
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), END_WITHIN_MS);
    await Promise.all([this.#child.status, this.#reading]);
    clearTimeout(kill);
  }
}
