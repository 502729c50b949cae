/**
 * A worker for Cloudflare's runtime: answers a request with the sum over a feed. At the edge there
 * is no Deno, and nothing can be compiled at run time; so the socket and the core, compiled when the
 * worker was loaded, are passed in. `workerd.capnp` beside it says how to run it.
 *
 * @module
 */

import { connect } from "@spillway/spillway";
import { connect as open } from "cloudflare:sockets";
import core from "./core.wasm";

export default {
  async fetch(_request: Request, env: { FEED: string }): Promise<Response> {
    await using client = await connect(open(env.FEED), {
      framing: { type: "length_field", initialBytesToStrip: 4 },
      columns: [{ name: "value", type: "u32", at: 0 }],
      module: core,
    });
    let sum = 0;
    for await (const batch of client) {
      for (const value of batch.columns.value) sum += value;
    }
    return Response.json({ frames: client.stats().frames, sum });
  },
};
