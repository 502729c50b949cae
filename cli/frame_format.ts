/**
 * How a frame is put out.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";
import type { Batch, ColumnArray } from "../mod.ts";
import { utf8 } from "../src/utf8.ts";
import type { OutputBuffer } from "./output_buffer.ts";
import { printable } from "./words.ts";

/** Appends frame `i` of `batch` to `out`. */
export type FrameFormat = (batch: Batch, i: number, out: OutputBuffer) => void;

const TAB = 9;
const LINE_FEED = 10;
const BACKSLASH = 0x5c;
const LETTER_X = 0x78;
/** Bytes of `\x1b`. */
const ESCAPE_BYTES = 4;
const HEX_DIGITS = new TextEncoder().encode("0123456789abcdef");

/** The formats by the flag that chooses them. */
export const FRAME_FORMATS: Readonly<Record<"text" | "json" | "raw" | "hex", FrameFormat>> = {
  text: textLine,
  json: jsonLine,
  raw: (batch, i, out) => out.putBytes(batch.frame(i)),
  hex: hexLine,
};

function textLine(batch: Batch, i: number, out: OutputBuffer): void {
  const source = batch.bytes;
  const start = batch.offsets[i];
  const end = start + batch.lengths[i];
  out.reserve(end - start + 1);
  const to = out.bytes;
  let at = out.length;
  for (let from = start; from < end; from++) {
    const byte = source[from];
    if (!isPrintableAscii(byte)) return escapedLine(batch.frame(i), out);
    to[at++] = byte;
  }
  to[at++] = LINE_FEED;
  out.length = at;
}

function isPrintableAscii(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === TAB;
}

/** The frame as text: if it is UTF-8, what is unprintable escaped, else every byte that is not ASCII. */
function escapedLine(frame: Uint8Array, out: OutputBuffer): void {
  if (isUtf8(frame)) return out.putText(`${printable(utf8.decode(frame))}\n`);
  out.reserve(frame.length * ESCAPE_BYTES + 1);
  const to = out.bytes;
  let at = out.length;
  for (const byte of frame) {
    if (isPrintableAscii(byte)) {
      to[at++] = byte;
      continue;
    }
    to[at++] = BACKSLASH;
    to[at++] = LETTER_X;
    to[at++] = HEX_DIGITS[byte >> 4];
    to[at++] = HEX_DIGITS[byte & 15];
  }
  to[at++] = LINE_FEED;
  out.length = at;
}

function hexLine(batch: Batch, i: number, out: OutputBuffer): void {
  const frame = batch.frame(i);
  out.reserve(frame.length * 2 + 1);
  const to = out.bytes;
  let at = out.length;
  for (const byte of frame) {
    to[at++] = HEX_DIGITS[byte >> 4];
    to[at++] = HEX_DIGITS[byte & 15];
  }
  to[at++] = LINE_FEED;
  out.length = at;
}

function jsonLine(batch: Batch, i: number, out: OutputBuffer): void {
  const frame = batch.frame(i);
  const line = {
    epoch: batch.epoch,
    offset: batch.streamOffset(i),
    length: frame.length,
    ...(isUtf8(frame) ? { text: utf8.decode(frame) } : { base64: frame.toBase64() }),
    columns: columnsOf(batch, i),
  };
  out.putText(`${JSON.stringify(line)}\n`);
}

/** The frame's columns; 64-bit integers as text, which JSON's readers would round. */
function columnsOf(batch: Batch, i: number): Record<string, number | string> | undefined {
  const columns: [string, ColumnArray][] = Object.entries(batch.columns);
  if (columns.length === 0) return undefined;
  return Object.fromEntries(columns.map(([name, values]) => {
    const value = values[i];
    return [name, typeof value === "bigint" ? String(value) : value];
  }));
}
