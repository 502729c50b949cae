/**
 * The naive client, as it is written everywhere: read a packet, handle its
 * frames, read the next. The clock around the handler is all that was added.
 *
 * @module
 */

import { HoldMeter } from "../../src/hold_meter.ts";
import { report } from "../../src/verdict.ts";
import { prepare, Reporter } from "./client.ts";
import { FRAME_BYTES } from "./load.ts";
import { tell } from "./messages.ts";

const PACKET_BYTES = 4096;
const HEADER_BYTES = 4;

/** Runs until the connection ends. */
async function main(): Promise<void> {
  const { task, handler } = await prepare();
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: task.port });
  const connectedAt = performance.now();
  const meter = new HoldMeter();
  let bytesRead = 0;
  const progress = () => ({ bytesRead, handled: handler.frames, waiting: 0, paused: false });
  using reporter = new Reporter(progress);

  const timed = (frame: Uint8Array): void => {
    const started = performance.now();
    handler.handle(frame);
    const now = performance.now();
    meter.held(now - started, 1, now);
    reporter.tick(now);
  };

  const packet = new Uint8Array(PACKET_BYTES);
  const view = new DataView(packet.buffer);
  let filled = 0;
  let code: string | undefined;
  try {
    while (true) {
      const count = await conn.read(packet.subarray(filled));
      if (count === null) break;
      bytesRead += count;
      filled += count;
      let at = 0;
      while (filled - at >= HEADER_BYTES) {
        const end = at + HEADER_BYTES + view.getUint32(at);
        if (end > filled) break;
        timed(packet.subarray(at + HEADER_BYTES, end));
        at = end;
      }
      packet.copyWithin(0, at, filled);
      filled -= at;
    }
  } catch (error) {
    code = (error as { code?: string }).code ?? String(error);
  }

  tell({
    type: "end",
    ...progress(),
    code,
    checksum: handler.checksum,
    pauses: 0,
    costUs: meter.total.held * 1000 / Math.max(1, handler.frames),
    report: report({
      reason: code === undefined ? "eof" : code === "ECONNRESET" ? "reset" : "other",
      epoch: 1,
      bytes: bytesRead,
      frames: Math.floor(bytesRead / FRAME_BYTES),
      connectedAt,
      endedAt: performance.now(),
      meter,
    }),
  });
}

if (import.meta.main) await main();
