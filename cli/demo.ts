/**
 * `spillway demo`: the story, live. A server that pushes, a naive client that
 * is cut off, and Spillway with the same handler, which is not.
 *
 * @module
 */

import { type Act, ACTS, type Claim, costAsPlanned, HANDLER_WORDS } from "./demo/acts.ts";
import { calibrate } from "./demo/handler.ts";
import { COST_US, payloads } from "./demo/load.ts";
import { play } from "./demo/scene.ts";
import { Screen } from "./demo/screen.ts";
import { exitCodeOf } from "./exit_code.ts";
import { permissionError } from "./permission.ts";
import { refuse } from "./refusal.ts";

/** An act is played again when the machine's other work has spoilt it. */
const TRIES = 3;

const HELP = `spillway demo: the story, live

Usage: spillway demo

A push server, a naive client and Spillway, each in a process of its own, over
loopback: an even load, then the same load in bursts, then more than the handler
can ever do. Takes about 15 seconds on a machine that is not busy. Needs --allow-net=127.0.0.1 and
--allow-run=deno.

Exit codes: 0 all that it says has happened, 1 something has not, 2 wrong arguments,
3 a permission is missing; the message names the flag
`;

/** Plays an act until it was played under the conditions it tells of, or often enough. */
async function playAct(screen: Screen, act: Act): Promise<Claim[]> {
  for (let left = TRIES;; left--) {
    const rounds = calibrate(payloads()[0], COST_US);
    const players = await play(act.load, act.clients, rounds, (players) => screen.watch(players));
    const claims = act.claims(players, rounds);
    if (left === 1 || claims.every(({ holds }) => holds) || costAsPlanned(players)) return claims;
    screen.line("  Other work on this machine got in between and spoilt it; once more:");
  }
}

/** Plays all acts; whether all that was claimed held. */
async function playAll(screen: Screen): Promise<boolean> {
  let all = true;
  screen.line(HANDLER_WORDS);
  for (const act of ACTS) {
    screen.title(act.title);
    for (const line of act.intro) screen.line(`  ${line}`);
    for (const claim of await playAct(screen, act)) {
      screen.claim(claim);
      all &&= claim.holds;
    }
  }
  return all;
}

/** Runs `spillway demo` with its arguments and gives the exit code. */
export async function demo(args: string[]): Promise<number> {
  if (args[0] === "--help") {
    console.log(HELP);
    return 0;
  }
  if (args.length > 0) {
    console.error(`spillway demo: takes no arguments, got ${args[0]}`);
    return 2;
  }
  try {
    const all = await playAll(new Screen());
    if (!all) {
      console.log(
        "\nNot all of it happened as told; a machine too busy for its clients can cause it",
      );
    }
    return all ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const failure = permissionError("the demo", error) ?? error;
    return refuse("demo", args, failure, exitCodeOf(failure) ?? 1);
  }
}
