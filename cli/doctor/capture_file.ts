/**
 * A capture to be read: a file, or standard input.
 *
 * @module
 */

import { CaptureFormatError } from "../../doctor/mod.ts";
import { PermissionError, permissionError } from "../permission.ts";

const CHUNK_BYTES = 256 * 1024;

/** The capture could not be read, or is none. */
export class InputError extends Error {
  /** Always `"InputError"`. */
  override name = "InputError";
}

/** One capture. */
export class CaptureFile implements AsyncDisposable {
  /** As it was named. */
  readonly name: string;
  /** Its size in bytes; `undefined` if it is no plain file. */
  readonly size: number | undefined;
  /** Bytes read, as they lie in the file. */
  bytesRead = 0;
  readonly #file: Deno.FsFile | undefined;

  private constructor(name: string, file?: Deno.FsFile, size?: number) {
    this.name = name;
    this.size = size;
    this.#file = file;
  }

  /** Opens `name`, `-` being standard input. */
  static async open(name: string): Promise<CaptureFile> {
    if (name === "-") {
      if (Deno.stdin.isTerminal()) {
        throw new InputError(
          "standard input is a terminal, give it a capture: tcpdump -w - | spillway doctor -",
        );
      }
      return new CaptureFile(name);
    }
    try {
      const file = await Deno.open(name);
      const { isFile, isDirectory, size } = await file.stat();
      if (isDirectory) {
        file.close();
        throw new InputError(`${name} is a directory, a capture was expected`);
      }
      return new CaptureFile(name, file, isFile ? size : undefined);
    } catch (error) {
      throw permissionError(name, error) ?? inputError(name, error);
    }
  }

  /** Its bytes. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const source = this.#file ?? Deno.stdin;
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      const count = await source.read(buffer);
      if (count === null) return;
      this.bytesRead += count;
      yield buffer.subarray(0, count);
    }
  }

  /** Waits for what reads it, and says which file it is about when that fails. */
  async reading<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw error instanceof CaptureFormatError ? inputError(this.name, error) : error;
    }
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#file?.close();
    return Promise.resolve();
  }
}

function inputError(name: string, error: unknown): Error {
  if (error instanceof InputError || error instanceof PermissionError) return error;
  const subject = name === "-" ? "standard input" : name;
  if (error instanceof Deno.errors.NotFound) return new InputError(`there is no file ${name}`);
  if (!(error instanceof Error)) throw error;
  return new InputError(`${subject} can't be read: ${error.message}`, { cause: error });
}
