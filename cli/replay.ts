/**
 * `spillway replay`: a recording into a handler, onto standard output, or to
 * whoever connects.
 *
 * @module
 */

import type { Dialer } from "../mod.ts";
import { openReplay, type Replay, type ReplayEvent } from "../src/record/replay.ts";
import { findingSentence } from "../src/spill/finding.ts";
import { Run } from "./connect.ts";
import { complain, refuse } from "./refusal.ts";
import { replayFlags, type ReplayPlan, replayPlan } from "./replay_flags.ts";
import { REPLAY_HELP } from "./replay_help.ts";
import { serveReplay } from "./replay_serve.ts";
import { parseFlags } from "./usage.ts";
import { timeText } from "./spill_report.ts";
import { coloured, counted, verb, whole } from "./words.ts";

/** Runs `spillway replay` with its arguments and gives the exit code. */
export async function replay(args: string[]): Promise<number> {
  try {
    const { flags, positionals } = parseFlags(args, replayFlags);
    if (flags.help) {
      console.log(REPLAY_HELP);
      return 0;
    }
    const plan = replayPlan(flags, positionals);
    await using replay = await openReplay(plan.directory, {
      ...plan.replay,
      // What is served is read ahead, in no time.
      ...(plan.serve && { speed: "flat_out" }),
      onEvent: (event) => tell(event, plan.json),
    });
    const { code, asked } = plan.serve === undefined
      ? await putOut(plan, replay)
      : { code: await serveReplay(plan.serve, replay, plan), asked: true };
    const { connections, lostChunks } = replay.stats();
    if (code === 1 && asked && connections === 0) {
      complain("replay", `nothing of what was asked for is in ${plan.directory}`, plan);
    }
    if (lostChunks > 0) {
      const chunks = `${counted(lostChunks, "chunk")} of the recording`;
      complain("replay", `${chunks} ${verb(lostChunks, "is", "are")} lost`, plan);
    }
    return code === 0 && lostChunks > 0 ? 1 : code;
  } catch (error) {
    return refuse("replay", args, error);
  }
}

function tell(event: ReplayEvent, json: boolean): void {
  if (json) return console.error(JSON.stringify(event));
  if (event.type === "connection") {
    const { epoch, streamOffset, timeMicros } = event;
    const behind = streamOffset === 0 ? "" : `, behind its first ${whole(streamOffset)} bytes`;
    const sentence = `connection ${epoch}, from ${timeText(timeMicros)}${behind}`;
    return console.error(coloured("dim", sentence, Deno.stderr));
  }
  const sentence = findingSentence(event.finding);
  const what = event.type === "torn" ? `the recording is torn: ${sentence}` : `lost: ${sentence}`;
  console.error(coloured("yellow", what, Deno.stderr));
}

/** Gives the exit code, and whether it came so far that the recording was asked for anything. */
async function putOut(
  plan: ReplayPlan,
  replay: Replay,
): Promise<{ code: number; asked: boolean }> {
  let failure: unknown;
  let asked = false;
  // A disk that fails would be asked for ever: there are no delays between attempts.
  const target: Dialer = {
    name: replay.name,
    dial(signal) {
      asked = true;
      return replay.dial(signal).catch((error) => {
        if (signal.aborted) throw error;
        failure = error;
        return null;
      });
    },
  };
  // INVARIANT: a plan says one of the two.
  const code = await new Run({ ...plan.output!, target }).run();
  if (failure !== undefined) throw failure;
  return { code, asked };
}
