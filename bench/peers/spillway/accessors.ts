/** Spillway with its plain accessors. */
import { feed } from "./feed.ts";
import { sumOfField } from "./sum.ts";

await feed([], sumOfField);
