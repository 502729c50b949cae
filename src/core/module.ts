/**
 * The compiled core: embedded, so that importing it needs no permission.
 *
 * @module
 */

import { CORE_WASM_BASE64 } from "./core_wasm.ts";

let compiled: WebAssembly.Module | undefined;

/** Compiles the embedded core once. Where code can't be compiled at run time, pass a module of your own instead. */
export function coreModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(decodeBase64(CORE_WASM_BASE64));
  return compiled;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
