/**
 * Lines to JSON: a handler for the command line.
 *
 *     deno run --allow-net=localhost:9000 --allow-read=examples cli.ts \
 *       connect localhost:9000 --framing lines --handler examples/lines.ts
 *
 * @module
 */

import type { Handler } from "@spillway/spillway";

const handler: Handler = {
  batch(batch) {
    const lines: string[] = [];
    for (let i = 0; i < batch.count; i++) {
      lines.push(JSON.stringify({ at: batch.streamOffset(i), line: batch.text(i) }));
    }
    // One write for all of them: a write costs far more than a line.
    console.log(lines.join("\n"));
  },
};

export default handler;
