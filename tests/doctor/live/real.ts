/** Real sockets, and `spillway doctor --live` beside them. Linux only. */
import { linesOf } from "../../servers/lines.ts";
import { until } from "../../integration/until.ts";

/** The command line. */
export const CLI: string = new URL("../../../cli.ts", import.meta.url).pathname;
const here = (name: string): string => new URL(`programs/${name}`, import.meta.url).pathname;

/** However slow the machine is. */
const LIMIT_MS = 30_000;

async function has(program: string): Promise<boolean> {
  try {
    await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" })
      .output();
    return true;
  } catch {
    return false;
  }
}

/** Whether a test that needs `programs` is to be left out; says why. */
export async function leftOut(name: string, ...programs: string[]): Promise<boolean> {
  const missing = await Promise.all(programs.map(async (one) => await has(one) ? undefined : one));
  const reason = Deno.build.os !== "linux"
    ? "sockets are listed on Linux only"
    : missing.filter(Boolean).map((program) => `${program} is not installed`).join(", ");
  if (reason === "") return false;
  console.log(`skipped: ${name}, ${reason}`);
  return true;
}

/** A server with one client, which it pushes to as it is told. */
export class Pusher implements AsyncDisposable {
  /** Since when a write is under way, by `performance.now()`; `undefined`: none is. */
  writingSince: number | undefined;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;
  #conn: Deno.TcpConn | undefined;
  #pace: { bytes: number; everyMs: number } | undefined;
  #done = false;

  constructor() {
    this.#serving = this.#serve();
  }

  /** The port it listens on. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Pushes so many bytes each so many milliseconds; `everyMs` 0: as fast as they go. */
  push(bytes: number, everyMs: number): void {
    this.#pace = { bytes, everyMs };
  }

  /** Closes the connection. */
  close(): void {
    this.#done = true;
    this.#conn?.close();
    this.#conn = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.#listener.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    try {
      const conn = this.#conn = await this.#listener.accept();
      while (!this.#done) {
        const { bytes, everyMs } = this.#pace ?? { bytes: 0, everyMs: 5 };
        this.writingSince = performance.now();
        if (bytes > 0) await conn.write(new Uint8Array(bytes));
        this.writingSince = undefined;
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    } catch (error) {
      // The end of the test, or the client's.
      const ends = [Deno.errors.BadResource, Deno.errors.BrokenPipe, Deno.errors.ConnectionReset];
      if (!ends.some((end) => error instanceof end) && !this.#done) throw error;
    }
  }
}

/** A client in another program, which reads as it is told. */
export class SlowClient implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string, void>;

  constructor(port: number) {
    this.#child = new Deno.Command("python3", {
      args: [here("slow_client.py"), "127.0.0.1", String(port)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = linesOf(this.#child.stdout);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until it is connected; gives its port. */
  async connected(): Promise<number> {
    return Number((await this.#lines.next()).value);
  }

  /** Tells it how to read, and waits until it does. */
  async tell(mode: "stop" | "slow" | "all" | "close"): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${mode}\n`));
    await this.#lines.next();
  }

  /** Stops the process, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#input.close().catch(() => {});
    await this.#lines.return();
    await this.#child.status;
  }
}

/** What `--json` tells, as far as tests look at it. */
export interface Told {
  type: "change" | "state" | "summary";
  state: string;
  before?: string;
  sentence: string;
  local: string;
  unread: number;
  unreadMs: number;
  certainMs: number;
  window?: string;
  serverQueue?: number;
  program?: { pid: number; name: string };
  activity?: { doing: string };
  end: string;
  exitCode: number;
  verdict: { kind: string; sentence: string; next: string };
  sockets: (Told & { totals: { stalls: number; longestStallMs: number } })[];
}

/** The command, watching. */
export class Live implements AsyncDisposable {
  /** All it has told. */
  readonly told: Told[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #deaf = false;

  constructor(permissions: string[], args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...permissions, CLI, "doctor", ...args, "--json"],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    this.#reading = this.#read();
  }

  /** Waits until something is told that holds. */
  async until(what: string, holds: (told: Told) => boolean): Promise<Told> {
    return await until(what, LIMIT_MS, () => this.told.find(holds));
  }

  /** Waits until it has ended; gives its summary and exit code. */
  async end(): Promise<{ code: number; summary: Told }> {
    const [{ code }] = await Promise.all([this.#child.status, this.#reading]);
    return { code, summary: this.told.at(-1)! };
  }

  /** Closes the pipe it writes to. */
  stopListening(): void {
    this.#deaf = true;
  }

  /** Ends it as Ctrl-C does. */
  interrupt(signal: "SIGINT" | "SIGTERM" = "SIGINT"): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await Promise.all([this.#child.status, this.#reading]);
  }

  async #read(): Promise<void> {
    for await (const line of linesOf(this.#child.stdout)) {
      this.told.push(JSON.parse(line));
      if (this.#deaf) break;
    }
  }
}

/** Runs the command to its end; what is given on standard input comes at once. */
export async function runLive(
  permissions: string[],
  args: string[],
  input = "",
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, CLI, "doctor", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const writing = writer.write(new TextEncoder().encode(input)).then(() => writer.close());
  const [{ code, stdout, stderr }] = await Promise.all([
    child.output(),
    // It may refuse its command line and leave.
    writing.catch(() => {}),
  ]);
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}
