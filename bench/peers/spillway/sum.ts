import type { Batch } from "../../../mod.ts";

/** The sum of field 0, by accessors. */
export function sumOfField(batch: Batch): number {
  let sum = 0;
  for (let i = 0; i < batch.count; i++) sum += batch.u32(i, 0);
  return sum;
}
