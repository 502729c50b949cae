/** The first frame by Spillway; printing it would cost a bundle 2.5 ms more. */
import { connect } from "../../mod.ts";

const client = await connect(`127.0.0.1:${Deno.args[0]}`, {
  framing: { type: "length_field", initialBytesToStrip: 4 },
});
for await (const batch of client) {
  Deno.exit(batch.count === 1 && batch.lengths[0] === 64 ? 0 : 1);
}
