/** Spillway with the field gathered by the core. */
import { feed } from "./feed.ts";

await feed([{ name: "field", type: "u32", at: 0 }], (batch) => {
  const values = batch.columns.field;
  // Four sums, so that no addition waits for the last one.
  let a = 0, b = 0, c = 0, d = 0;
  let i = 0;
  for (; i + 4 <= values.length; i += 4) {
    a += values[i];
    b += values[i + 1];
    c += values[i + 2];
    d += values[i + 3];
  }
  for (; i < values.length; i++) a += values[i];
  return a + b + c + d;
});
