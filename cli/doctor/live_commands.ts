/**
 * Looks by `cat`, `ls` and `ss`: Deno itself may not read `/proc/net` without all permissions.
 *
 * @module
 */

import { LookSplitter, type LookText } from "../../doctor/live/look.ts";
import { socketInodes } from "../../doctor/live/target.ts";
import { messageOf } from "../../src/errors.ts";
import { PermissionError } from "../permission.ts";
import { LiveError } from "./live_target.ts";

/** What a look is to show beside the tables. */
export interface LookRequest {
  /** Process whose network namespace is looked at; `undefined`: this one's. */
  pid: number | undefined;
  /** Processes whose doings matter. */
  pids: readonly number[];
  /** Whether the programs of sockets are to be found out: that takes a look at all processes. */
  names: boolean;
  /** Only sockets with this port are of interest. */
  port: number | undefined;
}

interface Output {
  success: boolean;
  stdout: string;
  stderr: string;
}

/** Whether one may be run, without asking. */
async function granted(command: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "run", command })).state === "granted";
}

/** Runs them. */
export class LiveCommands {
  /** Why `ss` adds nothing, if so. */
  withoutSs: string | undefined;
  readonly #cat: boolean;
  readonly #signal: AbortSignal;

  private constructor(cat: boolean, ss: boolean, signal: AbortSignal) {
    this.#cat = cat;
    this.#signal = signal;
    if (!ss) this.withoutSs = "--allow-run=ss is not given";
  }

  /** Throws a `PermissionError` if what is needed may not be run. */
  static async open(kind: "server" | "process", signal: AbortSignal): Promise<LiveCommands> {
    const ss = await granted("ss");
    const needed = kind === "process" ? ["cat", "ls"] : ss && !await granted("cat") ? [] : ["cat"];
    const missing: string[] = [];
    for (const command of needed) {
      const { state } = await Deno.permissions.request({ name: "run", command });
      if (state !== "granted") missing.push(command);
    }
    if (missing.length > 0) {
      throw new PermissionError(
        `watching sockets needs run access to ${missing.join(" and ")}, run again with ` +
          `--allow-run=${missing.join(",")}`,
      );
    }
    return new LiveCommands(needed.length > 0, ss, signal);
  }

  /** Numbers of the sockets a process has open. */
  async inodes(pid: number): Promise<Set<number>> {
    const { stdout, stderr } = await this.#run("ls", ["-l", `/proc/${pid}/fd`]);
    if (/permission denied/i.test(stderr)) {
      throw new LiveError(
        `the sockets of process ${pid} are for its own user and root to see: run this as one of them`,
      );
    }
    return socketInodes(stdout);
  }

  /** Takes a look; `undefined` if the process is gone. */
  async look(request: LookRequest, nowMs: number, wallMs: number): Promise<LookText | undefined> {
    const [tables, listing] = await Promise.all([this.#tables(request), this.#listing(request)]);
    const splitter = new LookSplitter();
    for (const line of `${tables}\n${listing}`.split("\n")) splitter.line(line, nowMs, wallMs);
    return splitter.end();
  }

  async #tables({ pid, pids }: LookRequest): Promise<string> {
    if (!this.#cat) return "";
    const folder = pid === undefined ? "/proc/net" : `/proc/${pid}/net`;
    const stats = pids.map((each) => `/proc/${each}/stat`);
    // A machine without IPv6 has no tcp6, a process may have ended: cat goes on to the next.
    const files = [...stats, `${folder}/tcp`, `${folder}/tcp6`];
    const { stdout, stderr } = await this.#run("cat", files);
    if (stdout.includes("local_address") || pid !== undefined) return stdout;
    throw new LiveError(`${folder}/tcp could not be read: ${stderr.trim() || "it is empty"}`);
  }

  async #listing({ port, names }: LookRequest): Promise<string> {
    if (this.withoutSs !== undefined) return "";
    const filter = port === undefined ? [] : [`( dport = :${port} or sport = :${port} )`];
    try {
      const options = names ? "-tinmep" : "-tinme";
      const { success, stdout, stderr } = await this.#run("ss", [options, ...filter]);
      if (success) return stdout;
      throw new LiveError(`ss failed: ${stderr.trim() || "it does not say why"}`);
    } catch (error) {
      if (!this.#cat || this.#signal.aborted) throw error;
      this.withoutSs = messageOf(error);
      return "";
    }
  }

  async #run(command: string, args: string[]): Promise<Output> {
    // Nothing of the environment: LD_PRELOAD would need all permissions, a language change words.
    const options = { args, clearEnv: true, stdin: "null", signal: this.#signal } as const;
    try {
      const { success, stdout, stderr } = await new Deno.Command(command, options).output();
      const text = new TextDecoder();
      return { success, stdout: text.decode(stdout), stderr: text.decode(stderr) };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        throw new LiveError(`${command} is not installed`, { cause: error });
      }
      throw error;
    }
  }
}
