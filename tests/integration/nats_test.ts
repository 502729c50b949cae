/** nats-server, with each of its three reasons to cut a client. */
import { assertLess, assertMatch } from "@std/assert";
import { assertOnlyNaiveIsCut, type Load, play, type Scenario } from "./arms.ts";
import { available } from "./available.ts";
import { type NatsLimits, startNats } from "./servers/nats.ts";

/** 1.1 MB and 2.5 s of work a burst. */
const LOAD: Load = { messages: 5_000, costUs: 500 };

/** No reason to cut anybody. */
const LENIENT: NatsLimits = {
  max_pending: 64_000_000,
  write_deadline: "30s",
  ping_interval: "200ms",
  ping_max: 1_000,
};

const CASES: { name: string; limits: Partial<NatsLimits>; nodes?: 2; reason: RegExp }[] = [
  {
    name: "for what is pending",
    limits: { max_pending: 550_000 },
    // A publisher at the same server would be slowed down until nobody overruns.
    nodes: 2,
    reason: /Slow Consumer Detected: MaxPending of 550000 Exceeded/,
  },
  {
    name: "for missing the write deadline",
    limits: { write_deadline: "1s" },
    reason: /Slow Consumer Detected: WriteDeadline of 1s exceeded/,
  },
  {
    name: "for its late answers to pings",
    limits: { ping_interval: "700ms", ping_max: 1 },
    reason: /Stale Client Connection/,
  },
];

const ignore = !await available("nats-server");

for (const { name, limits, nodes, reason } of CASES) {
  Deno.test({
    name: `nats-server cuts the naive client ${name}, and not Spillway`,
    ignore,
    fn: async () => {
      const scenario: Scenario = {
        wire: "nats",
        load: LOAD,
        start: (netns) => startNats(netns, { ...LENIENT, ...limits }, nodes),
      };
      const result = await play(scenario);
      assertOnlyNaiveIsCut(scenario, result);
      assertMatch(result.naive.cuts[0], reason);
      assertLess(0, result.spillway.ending.stats?.responses ?? 0);
    },
  });
}
