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

const newline = new TextEncoder().encode("\n");
let file: Deno.FsFile;

const handler: Handler = {
  async open() {
    file = await Deno.open("lines.log", { append: true, create: true });
  },
  async batch(batch) {
    const pieces: Uint8Array[] = [];
    for (const line of batch) pieces.push(line, newline);
    const bytes = await new Blob(pieces as BlobPart[]).bytes();
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  },
  close() {
    file.close();
  },
};

export default handler;
