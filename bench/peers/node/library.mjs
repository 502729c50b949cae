// node:net with framing packages of npm: frame-stream, which speaks this very format (and was
// measured 4 times as fast as the more popular it-length-prefixed), and split2.
import { connect } from "node:net";
import { decode } from "frame-stream";
import split from "split2";
import { Meter, parseArgs, Sum } from "./meter.mjs";

const [host, port, framing, mode] = parseArgs(process.argv);
const meter = new Meter();
const sum = new Sum();
const socket = connect({ host, port, noDelay: true });
const frames = socket
  .on("data", (chunk) => meter.add(chunk.length))
  .pipe(framing === "line" ? split() : decode());

frames.on("data", (frame) => {
  // A line comes as a string.
  const field = typeof frame === "string" ? Buffer.from(frame.slice(0, 4)) : frame.subarray(0, 4);
  sum.add(field.readUInt32BE(0));
  if (mode === "echo") socket.write(field);
});
frames.on("end", () => meter.report(sum.frames, sum.value));
