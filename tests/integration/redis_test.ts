/** redis-server, whose limit for subscribers a burst overruns. */
import { assertOnlyNaiveIsCut, play, type Scenario } from "./arms.ts";
import { available } from "./available.ts";
import { startRedis } from "./servers/redis.ts";

/** 1.2 MB in 0.5 s, and 2.5 s of work. */
const SCENARIO: Scenario = {
  wire: "redis",
  load: { messages: 5_000, overMs: 500, costUs: 500 },
  start: (netns) => startRedis(netns, 550_000),
};

Deno.test({
  name: "redis-server cuts the naive client for its output buffer, and not Spillway",
  ignore: !await available("redis-server", "redis-cli"),
  fn: async () => assertOnlyNaiveIsCut(SCENARIO, await play(SCENARIO)),
});
