/** dump1090-mutability, which cuts a client as soon as the kernel does not take a whole write. */
import { assertOnlyNaiveIsCut, type Load, play, type Scenario } from "./arms.ts";
import { available } from "./available.ts";
import { startDump1090 } from "./servers/dump1090.ts";

/** Each 300 kB in 0.6 s and 3.6 s of work. */
const LOADS: { output: "beast" | "sbs"; load: Load }[] = [
  { output: "beast", load: { messages: 12_500, overMs: 600, costUs: 288 } },
  { output: "sbs", load: { messages: 3_400, overMs: 600, costUs: 1_060 } },
];

const ignore = !await available("dump1090-mutability");

for (const { output, load } of LOADS) {
  Deno.test({
    name: `dump1090-mutability cuts the naive client of its ${output} output, and not Spillway`,
    ignore,
    fn: async () => {
      const scenario: Scenario = {
        wire: output,
        load,
        start: (netns) => startDump1090(netns, output),
      };
      assertOnlyNaiveIsCut(scenario, await play(scenario));
    },
  });
}
