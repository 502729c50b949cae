/** Spillway with its plain accessors. */
import { feed } from "./feed.ts";

await feed([], (batch) => {
  let sum = 0;
  for (let i = 0; i < batch.count; i++) sum += batch.u32(i, 0);
  return sum;
});
