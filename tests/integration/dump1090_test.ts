/** dump1090-mutability, which cuts a client as soon as the kernel does not take a whole write. */
import { assertOnlyNaiveIsCut, type Load, play, type Scenario } from "./arms.ts";
import type { NetnsOptions } from "../servers/netns.ts";
import { available } from "./available.ts";
import { startDump1090 } from "./servers/dump1090.ts";

/** Each 460 kB and about 5 s of work a burst. */
const LOADS: { output: "beast" | "sbs"; load: Load }[] = [
  { output: "beast", load: { messages: 20_000, costUs: 240 } },
  { output: "sbs", load: { messages: 5_200, costUs: 700 } },
];

/**
 * Its send buffer is an option of its own. The rest is for its input: it reads ten times a second
 * what the kernel has got, and less would make the bursts longer.
 */
const BUFFERS = { tcpRmem: [4_096, 65_536, 65_536] } satisfies NetnsOptions;

const ignore = !await available("dump1090-mutability");

for (const { output, load } of LOADS) {
  Deno.test({
    name: `dump1090-mutability cuts the naive client of its ${output} output, and not Spillway`,
    ignore,
    fn: async () => {
      const scenario: Scenario = {
        wire: output,
        load,
        buffers: BUFFERS,
        start: (netns) => startDump1090(netns, output),
      };
      assertOnlyNaiveIsCut(scenario, await play(scenario));
    },
  });
}
