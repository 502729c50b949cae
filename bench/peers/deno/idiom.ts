/**
 * Deno as its manual shows it: `conn.readable`, a transform a framing, an object per frame
 * (`TextDecoderStream` and a splitter shaped like std's `TextLineStream` for lines).
 */
import { Meter, parseJob, Sum } from "./meter.ts";

const job = parseJob(Deno.args);
const meter = new Meter();
const sum = new Sum();

/** Counts what goes through. */
function metering(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      meter.add(chunk.length);
      controller.enqueue(chunk);
    },
  });
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail;
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

/** Splits a byte stream into length-prefixed payloads. */
function lengthPrefixed(): TransformStream<Uint8Array, Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  return new TransformStream({
    transform(chunk, controller) {
      rest = joined(rest, chunk);
      const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
      let at = 0;
      while (rest.length - at >= 4) {
        const end = at + 4 + view.getUint32(at);
        if (end > rest.length) break;
        controller.enqueue(rest.subarray(at + 4, end));
        at = end;
      }
      rest = rest.subarray(at);
    },
  });
}

/** Splits a text stream into lines. */
function lines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!;
      for (const line of parts) controller.enqueue(line);
    },
    flush(controller) {
      if (rest !== "") controller.enqueue(rest);
    },
  });
}

const encoder = new TextEncoder();

/** The field at the start of a frame, and its bytes for the reply. */
function fieldOf(frame: Uint8Array | string): Uint8Array {
  return typeof frame === "string" ? encoder.encode(frame.slice(0, 4)) : frame.subarray(0, 4);
}

async function run(conn: Deno.TcpConn): Promise<void> {
  const bytes = conn.readable.pipeThrough(metering());
  const feed: ReadableStream<Uint8Array | string> = job.line
    ? bytes.pipeThrough(new TextDecoderStream()).pipeThrough(lines())
    : bytes.pipeThrough(lengthPrefixed());
  for await (const frame of feed) {
    const field = fieldOf(frame);
    sum.add(new DataView(field.buffer, field.byteOffset, 4).getUint32(0));
    if (job.mode === "echo") await conn.write(field);
  }
  meter.report(sum.frames, sum.value);
}

using conn = await Deno.connect({ hostname: job.hostname, port: job.port });
conn.setNoDelay();
await run(conn);
