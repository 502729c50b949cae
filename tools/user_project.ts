/**
 * A folder as a user of the package has one: programs that import it from a registry, beneath no
 * config of this repository, and caches that hold nothing else.
 *
 * @module
 */

import { join } from "node:path";
import { serveRegistry } from "./registry.ts";

/** Removed when it is disposed, as is its registry. */
export class UserProject implements AsyncDisposable {
  readonly #dir: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    dir: string,
    env: Readonly<Record<string, string>>,
    stack: AsyncDisposableStack,
  ) {
    this.#dir = dir;
    this.#env = { ...env, DENO_DIR: join(dir, "cache"), NO_COLOR: "1" };
    this.#stack = stack;
  }

  /** Makes one for the package whose folder is `root`, with these files, by name. */
  static async make(root: string, files: Readonly<Record<string, string>>): Promise<UserProject> {
    await using stack = new AsyncDisposableStack();
    const registry = stack.use(await serveRegistry(root));
    const dir = await Deno.makeTempDir({ prefix: "spillway-project-" });
    stack.defer(() => Deno.remove(dir, { recursive: true }));
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(dir, name), text);
    }
    return new UserProject(dir, registry.env, stack.move());
  }

  /** Has deno do `args` there; gives what it said, and rejects with what was wrong if that fails. */
  async deno(...args: string[]): Promise<string> {
    const command = new Deno.Command(Deno.execPath(), {
      args,
      cwd: this.#dir,
      env: this.#env,
      stdin: "null",
    });
    const { success, stdout, stderr } = await command.output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    if (!success) throw new Error(`deno ${args.join(" ")} failed: ${err}`);
    return out + err;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
