/** Reads a feed to its end and says every so many bytes, in lines of JSON, what memory it has: `PORT STEP`. */
import { connect } from "../../mod.ts";

/** One look at the memory, in bytes. */
export interface MemorySample {
  /** Bytes received so far. */
  received: number;
  ms: number;
  rss: number;
  heapUsed: number;
  external: number;
}

/** The last line. */
export interface SoakEnd {
  frames: number;
  sum: string;
  bytes: number;
}

async function main(port: string, step: number): Promise<void> {
  await using client = await connect(`127.0.0.1:${port}`, {
    framing: { type: "length_field", initialBytesToStrip: 4 },
    columns: [{ name: "field", type: "u32", at: 0 }],
  });
  const started = performance.now();
  let due = 0;
  let sum = 0n;
  await client.run({
    batch(batch, context) {
      let fields = 0;
      for (const field of batch.columns.field) fields += field;
      sum += BigInt(fields);
      const { bytesRead } = context.stats();
      if (bytesRead < due) return;
      due = bytesRead + step;
      const { rss, heapUsed, external } = Deno.memoryUsage();
      const ms = performance.now() - started;
      print({ received: bytesRead, ms, rss, heapUsed, external });
    },
  });
  const { frames, bytesRead } = client.stats();
  print({ frames, sum: String(sum), bytes: bytesRead });
}

function print(line: MemorySample | SoakEnd): void {
  console.log(JSON.stringify(line));
}

if (import.meta.main) await main(Deno.args[0], Number(Deno.args[1]));
