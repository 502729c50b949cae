/**
 * The compiled core: embedded, so that importing it needs no permission.
 *
 * @module
 */

import { CORE_WASM_BASE64 } from "./core_wasm.ts";

let compiled: WebAssembly.Module | undefined;

/** Compiles the embedded core once. Where code can't be compiled at run time, pass a module of your own instead. */
export function coreModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(decode(CORE_WASM_BASE64));
  return compiled;
}

/** The same core for memory that other threads share. Loaded only when asked for. */
export async function sharedCoreModule(): Promise<WebAssembly.Module> {
  const { CORE_WASM_BASE64: shared } = await import("./core_shared_wasm.ts");
  return new WebAssembly.Module(decode(shared));
}

/** 0.1 ms where the runtime has a function for it. */
function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64?.(base64) ?? decodeByHand(base64);
}

/** 2.3 ms while its code is cold, and it always is. */
function decodeByHand(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
