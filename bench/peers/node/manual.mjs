// node:net with a decoder by hand: reads into one reused buffer, no object per frame.
import { connect } from "node:net";
import { Meter, parseArgs } from "./meter.mjs";

const READ_BYTES = 64 * 1024;
const NEWLINE = 10;

const [host, port, framing, mode] = parseArgs(process.argv);
const meter = new Meter();
const decode = framing === "line" ? decodeLines : decodeLengthPrefixed;
const echo = mode === "echo";
const bytes = Buffer.alloc(2 * READ_BYTES);
const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
let frames = 0;
let sum = 0n;
/** Bytes of a partial frame at the front of the buffer; the next read goes behind them. */
let held = 0;

function reply(field) {
  socket.write(Buffer.from(bytes.subarray(field, field + 4)));
}

/** Counts the whole frames before `end` and returns where the partial one begins. */
function decodeLengthPrefixed(end) {
  let at = 0;
  let count = 0;
  // A chunk's fields add up to less than 2^53, so one BigInt a chunk is enough.
  let recent = 0;
  while (end - at >= 8) {
    const next = at + 4 + view.getUint32(at);
    if (next > end) break;
    recent += view.getUint32(at + 4);
    count++;
    if (echo) reply(at + 4);
    at = next;
  }
  frames += count;
  sum += BigInt(recent);
  return at;
}

function decodeLines(end) {
  let at = 0;
  let count = 0;
  let recent = 0;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0 || newline >= end) break;
    recent += view.getUint32(at);
    count++;
    if (echo) reply(at);
    at = newline + 1;
  }
  frames += count;
  sum += BigInt(recent);
  return at;
}

function onChunk(count) {
  meter.add(count);
  const end = held + count;
  const at = decode(end);
  bytes.copyWithin(0, at, end);
  held = end - at;
  if (held > READ_BYTES) {
    throw new RangeError(`expected frames of at most ${READ_BYTES} bytes`);
  }
  return true;
}

const socket = connect({
  host,
  port,
  noDelay: true,
  onread: { buffer: () => bytes.subarray(held, held + READ_BYTES), callback: onChunk },
});
socket.on("end", () => meter.report(frames, sum));
