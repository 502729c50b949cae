/**
 * Prints lines. Nothing was granted to it.
 *
 * @module
 */

import type { Handler } from "@spillway/spillway";

const handler: Handler = {
  async batch(batch) {
    for (let i = 0; i < batch.count; i++) console.log(batch.text(i));
    // Something that takes its time, and is done only when this promise settles.
    await new Promise((resolve) => setTimeout(resolve, 5));
  },
};

export default handler;
