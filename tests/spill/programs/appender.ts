/**
 * Appends to the directory it is given, syncs now and then, and tells on
 * standard output what each completed sync has promised, until it is killed.
 */
import { openSpill } from "../../../src/spill/open.ts";
import { between, random } from "../random.ts";
import { HANDLER, OPTIONS, recordOf } from "./records.ts";

const [directory, seed] = Deno.args;
const draw = random(Number(seed));
const text = new TextEncoder();
const store = await openSpill(directory, OPTIONS);
await store.registerCursor(HANDLER);
while (true) {
  for (let records = between(draw, 1, 12); records > 0; records--) {
    const { info, parts } = recordOf(store.last.sequence + 1);
    const result = await store.append(info, parts);
    if (result.type !== "appended") throw new Error(JSON.stringify(result));
  }
  // Some way behind, so that segments are deleted.
  const acknowledged = Math.max(0, store.last.sequence - between(draw, 0, 60));
  store.acknowledge(HANDLER, { epoch: 1, sequence: acknowledged });
  const { stored } = store.cursors()[0];
  const result = await store.sync();
  if (result.type !== "synced") throw result.error;
  const promise = { synced: result.sequence, stored: Math.max(stored.sequence, acknowledged) };
  Deno.stdout.writeSync(text.encode(JSON.stringify(promise) + "\n"));
}
