/**
 * The naive client, as it is written everywhere: read a packet, handle its
 * frames one after the other, read the next. It finds frames with the judge the
 * core is tested against, which costs little beside the handler.
 */
import { toBytes } from "../../../src/reader/control.ts";
import { decode } from "../../framing/oracle/mod.ts";
import { prepare, type Prepared } from "./client.ts";
import { tell } from "./messages.ts";

const PACKET_BYTES = 4096;

/** Reads and handles until the connection ends; counts what it reads. */
async function readAll(
  conn: Deno.Conn,
  tally: { bytesRead: number },
  arm: Prepared,
): Promise<void> {
  const { wire, handler } = arm;
  const packet = new Uint8Array(PACKET_BYTES);
  const decoder = new TextDecoder();
  const answers = new Map(wire.respond.map(({ match, send }) => [match, toBytes(send)]));
  let filled = 0;
  while (true) {
    const count = await conn.read(packet.subarray(filled));
    if (count === null) return;
    tally.bytesRead += count;
    filled += count;
    const { frames, consumed } = decode(wire.framing, packet.subarray(0, filled));
    for (const { payload } of frames) {
      const answer = answers.get(decoder.decode(payload));
      if (answer !== undefined) await conn.write(answer);
      handler.handle(payload);
    }
    packet.copyWithin(0, consumed, filled);
    filled -= consumed;
  }
}

/** Runs until the connection ends. */
async function main(): Promise<void> {
  const arm = await prepare();
  using _ = arm.handler;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: arm.port });
  if (arm.wire.hello !== undefined) await conn.write(toBytes(arm.wire.hello));
  const tally = { bytesRead: 0 };
  const how = readAll(conn, tally, arm).then(
    () => "eof",
    (error) => {
      if (error.code === undefined) throw error;
      return error.code;
    },
  );
  const ended = await Promise.race([how, arm.stopped.then(() => "closed")]);
  tell(arm.handler.ending(ended, tally.bytesRead));
  Deno.exit(0);
}

if (import.meta.main) await main();
