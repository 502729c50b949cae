/**
 * Appends to the directory it is given until its disk is full, makes room,
 * appends again, and reads all. Prints what happened as JSON.
 */
import { openSpill } from "../../../src/spill/open.ts";
import { infoOf, readStore } from "../harness.ts";

const [directory] = Deno.args;
const OPTIONS = { segmentBytes: 256 * 1024 };
const SIZE = 60_000;
const ballast = `${directory}/ballast`;
await Deno.writeFile(ballast, new Uint8Array(500_000));

let appended = 0;
let refused: unknown;
{
  await using store = await openSpill(directory, OPTIONS);
  const append = (n: number) => store.append(infoOf(n), [new Uint8Array(SIZE).fill(n)]);
  while (refused === undefined) {
    const result = await append(appended + 1);
    if (result.type === "failed") {
      const { name, code, operation } = result.error as Error & { code: string; operation: string };
      refused = { name, code, operation };
    } else appended += 1;
  }
  await Deno.remove(ballast);
  if ((await append(appended + 1)).type === "appended") appended += 1;
  if ((await store.sync()).type !== "synced") throw new Error("expected a sync");
}
await using store = await openSpill(directory, OPTIONS);
const { records, lost } = await readStore(store);
const whole = records.every(({ header, payload }) =>
  payload.length === SIZE && payload.every((byte) => byte === (header.sequence & 0xff))
);
console.log(JSON.stringify({
  ...{ refused, whole, lost: lost.length, findings: store.findings.total },
  missing: appended - records.length,
}));
