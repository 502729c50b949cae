/** redis-server, whose limit for subscribers a burst overruns. */
import { assertOnlyNaiveIsCut, play, type Scenario } from "./arms.ts";
import { available } from "./available.ts";
import { startRedis } from "./servers/redis.ts";

/** 1.2 MB and 2.5 s of work a burst. */
const SCENARIO: Scenario = {
  wire: "redis",
  load: { messages: 5_000, costUs: 500 },
  start: (netns) => startRedis(netns, 550_000),
};

Deno.test({
  name: "redis-server cuts the naive client for its output buffer, and not Spillway",
  ignore: !await available("redis-server", "redis-cli"),
  fn: async () => assertOnlyNaiveIsCut(SCENARIO, await play(SCENARIO)),
});
