/**
 * Flags of `spillway replay`, and what they ask for.
 *
 * @module
 */

import type { ClientEvent } from "../mod.ts";
import { TIMER_MS_MAX } from "../src/errors.ts";
import type { ReplaySpeed } from "../src/record/pace.ts";
import type { ReplayOptions } from "../src/record/replay.ts";
import { type ConnectPlan, outputFlags, outputPlan } from "./connect_flags.ts";
import { framingFlags, parseFraming } from "./framing_flags.ts";
import { serveFlags, type ServePlan, servePlan } from "./replay_serve_flags.ts";
import { type FlagNames, type Flags, parseTime, textFlag, UsageError } from "./usage.ts";

/** What a command line asks for. */
export interface ReplayPlan {
  /** Where the recording is. */
  directory: string;
  /** What of it, and how fast. */
  replay: ReplayOptions;
  /** What becomes of the frames here; `target` is still to be opened. */
  output?: Omit<ConnectPlan, "target">;
  /** Or how it is served to others. */
  serve?: ServePlan;
  /** Events as JSON. */
  json: boolean;
}

const SELECTION = ["speed", "from", "to", "epochs"];

/** The flags there are. */
export const replayFlags: FlagNames = {
  string: [...SELECTION, ...serveFlags.string, ...outputFlags.string, ...framingFlags.string],
  boolean: [...serveFlags.boolean, ...outputFlags.boolean, ...framingFlags.boolean],
  repeated: outputFlags.repeated,
};

/** Flags that go with both. */
const COMMON = ["json", "help"];

/** Makes a plan. */
export function replayPlan(flags: Flags, positionals: string[]): ReplayPlan {
  const [directory, ...more] = positionals;
  if (directory === undefined || more.length > 0) {
    throw new UsageError(`replay takes one directory, got ${positionals.length}`);
  }
  const replay = selectionOf(flags);
  const json = flags.json === true;
  const here = [...outputFlags.string, ...outputFlags.boolean];
  const there = [...serveFlags.string, ...serveFlags.boolean];
  const framing = [...framingFlags.string, ...framingFlags.boolean];
  if (flags.serve) {
    refuse(flags, [...here, ...framing], "does not go with --serve");
    return { directory, replay, json, serve: servePlan(flags) };
  }
  refuse(flags, there, "needs --serve");
  const { options, ...output } = outputPlan(flags);
  return {
    ...{ directory, replay, json },
    output: {
      ...{ command: "replay", name: directory, ...output, tells },
      options: {
        ...{ framing: parseFraming(flags), ...options },
        // The next recorded connection may be hours away, and is there as soon as it is due.
        connectTimeoutMs: TIMER_MS_MAX,
        reconnect: { initialDelayMs: 0, maxDelayMs: 0 },
      },
    },
  };
}

/** That one connection follows the other is the recording's, and told by that. */
function tells(event: ClientEvent): boolean {
  if (event.type === "disconnected") return event.error.reason !== "eof";
  return event.type !== "connected" && event.type !== "reconnecting";
}

function refuse(flags: Flags, names: string[], why: string): void {
  const stray = names.find((name) =>
    !COMMON.includes(name) && [flags[name] ?? []].flat().some((value) => value !== false)
  );
  if (stray !== undefined) throw new UsageError(`--${stray} ${why}`);
}

function selectionOf(flags: Flags): ReplayOptions {
  const [from, to] = ["from", "to"].map((name) => {
    const text = textFlag(flags, name);
    return text === undefined ? undefined : parseTime(text, name);
  });
  if (from !== undefined && to !== undefined && to < from) {
    throw new UsageError(`--to must not be before --from`);
  }
  return { speed: speedOf(flags), fromMs: from, toMs: to, epochs: epochsOf(flags) };
}

function speedOf(flags: Flags): ReplaySpeed | undefined {
  const text = textFlag(flags, "speed");
  if (text === undefined || text === "flat-out") return text && "flat_out";
  const speed = Number(text);
  if (!(speed > 0 && speed < Infinity)) {
    throw new UsageError(
      `--speed must be a number above 0 as 1, 0.5 or 10, or flat-out, got ${text}`,
    );
  }
  return speed;
}

function epochsOf(flags: Flags): ReplayOptions["epochs"] {
  const text = textFlag(flags, "epochs");
  if (text === undefined) return undefined;
  const { first, dash, last } = /^(?<first>\d+)(?<dash>-)?(?<last>\d+)?$/.exec(text)?.groups ?? {};
  const epochs = {
    first: Number(first),
    last: last !== undefined ? Number(last) : dash !== undefined ? Infinity : Number(first),
  };
  if (!(epochs.first >= 1 && epochs.last >= epochs.first && (dash || !last))) {
    throw new UsageError(
      `--epochs must be one connection as 3, or a range as 2-5 or 2-, got ${text}`,
    );
  }
  return epochs;
}
