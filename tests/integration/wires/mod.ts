/** All wires by name. */
import { beast, sbs } from "./modes.ts";
import { nats } from "./nats.ts";
import { redis } from "./redis.ts";
import type { Wire } from "./wire.ts";

/** Whose wire. */
export type WireName = "redis" | "nats" | "beast" | "sbs";

/** What is said there. */
export const WIRES: Readonly<Record<WireName, Wire>> = { redis, nats, beast, sbs };
