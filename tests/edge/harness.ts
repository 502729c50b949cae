/** What the tests of other runtimes share: bundles, and a feed whose sum is known. */
import { generatedFeed } from "../../push/generate.ts";
import { type PushServer, startPushServer } from "../../push/server.ts";
import type { Framing } from "../../mod.ts";

const FRAMES = 50_000;
const PERIOD = 1000;
const FRAMING: Framing = { type: "length_field" };

/** Frames pushed by {@linkcode startFeed}, and the sum of the numbers they begin with. */
export const EXPECTED = { frames: FRAMES, sum: FRAMES * (PERIOD - 1) / 2 };

/** Pushes to each client frames with a 4-byte length, numbered over and over from 0 to 999. */
export function startFeed(): Promise<PushServer> {
  const feed = generatedFeed(FRAMING, { size: { min: 4, max: 200 }, period: PERIOD });
  return startPushServer({ feed, frames: FRAMES });
}

/** Bundles a module into one file for a runtime that is not Deno. */
export async function bundle(
  entry: string,
  output: string,
  external: string[] = [],
): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--platform=browser",
      ...external.map((name) => `--external=${name}`),
      `--output=${output}`,
      entry,
    ],
  }).output();
  if (!success) throw new Error(`${entry} can't be bundled: ${new TextDecoder().decode(stderr)}`);
}
