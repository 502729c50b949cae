import { fileURLToPath } from "node:url";

/** What a child process left behind. */
export interface Outcome {
  success: boolean;
  stdout: string;
  stderr: string;
}

/** Options of {@linkcode run}. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Ends the process when it aborts. */
  signal?: AbortSignal;
}

/** The absolute path of a file under bench/. */
export function benchPath(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** Whether a file is there. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs a command to its end; one that can't be found is an unsuccessful outcome. */
export async function run(command: string[], options: RunOptions = {}): Promise<Outcome> {
  const [program, ...args] = command;
  try {
    const output = await new Deno.Command(program, { args, ...options, stdin: "null" }).output();
    const text = new TextDecoder();
    return {
      success: output.success,
      stdout: text.decode(output.stdout),
      stderr: text.decode(output.stderr),
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { success: false, stdout: "", stderr: `${program} is not installed` };
  }
}
