/**
 * Appends lines to one file: the only thing it may do. Anything else it tried
 * would be refused, whatever it imports.
 *
 *     deno run --allow-net=localhost:9000 --allow-run=deno cli.ts connect localhost:9000 \
 *       --handler examples/sandbox/store.ts --isolation process --deno deno \
 *       --grant store:write=lines.log
 *
 * @module
 */

import type { Handler } from "@spillway/spillway";

const NEWLINE = 0x0a;
let file: Deno.FsFile;

const handler: Handler = {
  async open() {
    file = await Deno.open("lines.log", { append: true, create: true });
  },
  async batch(batch) {
    // In a worker frames lie in memory that threads share, which no file takes.
    const length = batch.lengths.reduce((sum, line) => sum + line + 1, 0);
    const bytes = new Uint8Array(length).fill(NEWLINE);
    let end = 0;
    for (const line of batch) {
      bytes.set(line, end);
      end += line.length + 1;
    }
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  },
  close() {
    file.close();
  },
};

export default handler;
