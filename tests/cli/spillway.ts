/** Runs the real command line in a process of its own, and the servers it meets. */
import { createServer } from "node:net";
import { onSmallDisk } from "../spill/small_disk.ts";

const CLI = new URL("../../cli.ts", import.meta.url).href;

/** What a finished run left. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

const PIPED = { stdin: "null", stdout: "piped", stderr: "piped" } as const;

function denoArgs(permissions: string[], args: string[]): string[] {
  return ["run", "--quiet", "--no-prompt", ...permissions, CLI, ...args];
}

/** Starts `deno run PERMISSIONS cli.ts ARGS`, never prompting, no environment but what Deno itself needs. */
export function start(permissions: string[], args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), { args: denoArgs(permissions, args), ...PIPED }).spawn();
}

/** Runs to the end. */
export function run(permissions: string[], args: string[]): Promise<Finished> {
  return finished(start(permissions, args));
}

/** The same by a shell's `script`, to which the command is `"$@"`. */
export function runInShell(
  script: string,
  permissions: string[],
  args: string[],
): Promise<Finished> {
  const command = [Deno.execPath(), ...denoArgs(permissions, args)];
  return finished(
    new Deno.Command("sh", { args: ["-c", script, "sh", ...command], ...PIPED }).spawn(),
  );
}

/** Runs to the end, with a disk of 1 MiB at `directory`. */
export function runOnSmallDisk(
  permissions: string[],
  args: string[],
  directory: string,
): Promise<Finished> {
  const command = [Deno.execPath(), ...denoArgs(permissions, args)];
  return finished(onSmallDisk(command, directory, PIPED).spawn());
}

async function finished(child: Deno.ChildProcess): Promise<Finished> {
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** A server on a free port of 127.0.0.1 that talks to each client with `talk`, then closes. */
export class TestServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #done: Promise<void>;
  readonly #open = new Set<Deno.TcpConn>();

  /** `talk` gets the connection and its number, from 1 on. */
  constructor(talk: (conn: Deno.TcpConn, number: number) => Promise<unknown> | void) {
    this.#done = this.#serve(talk);
  }

  /** As `connect` and `--allow-net` take it. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Runs `spillway connect` to this server with no permission but to connect. */
  connect(...args: string[]): Promise<Finished> {
    return run([`--allow-net=${this.address}`], ["connect", this.address, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) {
      this.#open.delete(conn);
      conn.close();
    }
    await this.#done;
  }

  async #serve(talk: (conn: Deno.TcpConn, number: number) => Promise<unknown> | void) {
    const talks: Promise<void>[] = [];
    for await (const conn of this.#listener) talks.push(this.#talk(conn, talk, talks.length + 1));
    await Promise.all(talks);
  }

  async #talk(
    conn: Deno.TcpConn,
    talk: (conn: Deno.TcpConn, number: number) => Promise<unknown> | void,
    number: number,
  ): Promise<void> {
    this.#open.add(conn);
    try {
      await talk(conn, number);
    } catch {
      // A client that went away, or the end of the test.
    }
    if (this.#open.delete(conn)) conn.close();
  }
}

/** A server that sends `text` to each client and closes. */
export function sends(text: string | Uint8Array): TestServer {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return new TestServer((conn) => writeAll(conn, bytes));
}

/** A server that sends `text` and then waits for the client to go. */
export function sendsAndStays(text: string): TestServer {
  return new TestServer(async (conn) => {
    await writeAll(conn, new TextEncoder().encode(text));
    while (await conn.read(new Uint8Array(64)) !== null);
  });
}

/** A server that never stops sending `text`. */
export function floods(text: string): TestServer {
  const bytes = new TextEncoder().encode(text.repeat(1000));
  return new TestServer(async (conn) => {
    while (true) await writeAll(conn, bytes);
  });
}

/** Writes all of `bytes`. */
export async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** A server that sends `text` and, once told by any byte, resets the connection. */
export async function resets(text: string): Promise<AsyncDisposable & { address: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(text);
    socket.once("data", () => socket.resetAndDestroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The stream's text up to and including `end`; the rest stays in the reader. */
export async function readUntil(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  end: string,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(end)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`expected ${end}, got ${text}`);
    text += decoder.decode(value, { stream: true });
  }
  return text;
}
