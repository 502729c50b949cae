/** The first frame by Spillway. */
import { connect } from "../../mod.ts";

const client = await connect(`127.0.0.1:${Deno.args[0]}`, {
  framing: { type: "length_field", initialBytesToStrip: 4 },
});
for await (const batch of client) {
  console.log(batch.u32(0, 0));
  Deno.exit();
}
