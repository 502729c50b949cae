/**
 * Sends the number of lines of each batch to a collector: it may connect there,
 * and neither read nor write a file.
 *
 * @module
 */

import type { Handler } from "@spillway/spillway";

const COLLECTOR = { hostname: "127.0.0.1", port: 9100 };
let conn: Deno.TcpConn;

const handler: Handler = {
  async open() {
    conn = await Deno.connect(COLLECTOR).catch((error) => {
      const { hostname, port } = COLLECTOR;
      throw new Error(`no collector listens at ${hostname}:${port}: ${error.message}`);
    });
  },
  async batch(batch) {
    const bytes = new TextEncoder().encode(`${batch.count}\n`);
    for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  },
  close() {
    conn.close();
  },
};

export default handler;
