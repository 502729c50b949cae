/** redis-server, whose limit for subscribers a burst overruns. */
import { assertOnlyNaiveIsCut, play, type Scenario } from "./arms.ts";
import { available } from "./available.ts";
import { startRedis } from "./servers/redis.ts";

/** 1.5 MB in 0.6 s and 3.6 s of work. */
const SCENARIO: Scenario = {
  wire: "redis",
  load: { messages: 6_000, overMs: 600, costUs: 600 },
  start: (netns) => startRedis(netns, 500_000),
};

Deno.test({
  name: "redis-server cuts the naive client for its output buffer, and not Spillway",
  ignore: !await available("redis-server", "redis-cli"),
  fn: async () => assertOnlyNaiveIsCut(SCENARIO, await play(SCENARIO)),
});
