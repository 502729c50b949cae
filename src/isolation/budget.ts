/**
 * How long a call of `batch()` may take before that is told.
 *
 * @module
 */

import type { Batch } from "../batch.ts";
import { promised } from "../deferred.ts";
import type { BatchPlace } from "../dispatch/shared_feed.ts";

/** Where a batch is. */
export function placeOf(batch: Batch): BatchPlace {
  return { frames: batch.count, epoch: batch.epoch, offset: batch.streamOffset(0) };
}

/** Calls `overrun`, once, if `attempt` takes longer than `budgetMs`: of one that waits as soon as it is so, of one that computes behind it. */
export function watched(
  budgetMs: number,
  attempt: () => void | Promise<void>,
  overrun: () => void,
): void | Promise<void> {
  const started = performance.now();
  let settling: Promise<void> | undefined;
  try {
    settling = promised(attempt());
  } finally {
    const leftMs = budgetMs - (performance.now() - started);
    if (leftMs < 0) overrun();
    else if (settling !== undefined) {
      const timer = setTimeout(overrun, leftMs);
      settling = settling.finally(() => clearTimeout(timer));
    }
  }
  return settling;
}
