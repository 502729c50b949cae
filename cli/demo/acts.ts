/**
 * The scenes in words: what is shown, what must have happened, and what it
 * means.
 *
 * @module
 */

import { linuxErrno } from "../../src/errors.ts";
import {
  BURST_FRAMES,
  COST_US,
  FLOOD_RATE,
  FRAME_BYTES,
  type Load,
  LOADS,
  MEAN_LOAD,
  MEAN_RATE,
  payloads,
  QUEUE_LIMIT_BYTES,
} from "./load.ts";
import { FrameHandler } from "./handler.ts";
import type { ClientName, Player } from "./scene.ts";
import { bytes, counted, seconds, whole } from "../words.ts";

const MEAN_PERCENT = `${Math.round(MEAN_LOAD * 100)} %`;

/** Something the demo says has happened. */
export interface Claim {
  /** Whether it has. */
  holds: boolean;
  /** What. */
  text: string;
  /** More about it, a line each. */
  details: string[];
}

/** A scene with its words. */
export interface Act {
  /** A line. */
  title: string;
  /** What to know beforehand, a line each. */
  intro: string[];
  /** What is pushed. */
  load: Load;
  /** To whom. */
  clients: ClientName[];
  /** What has happened. */
  claims(players: Player[], rounds: number): Claim[];
}

/** All scenes in order. */
export const ACTS: Act[] = [
  {
    title: "Before the story: an even load",
    intro: [
      `${
        whole(MEAN_RATE)
      } frames of ${FRAME_BYTES} bytes a second keep the handler busy ${MEAN_PERCENT} of the time: both keep up.`,
    ],
    load: LOADS.even,
    clients: ["naive", "Spillway"],
    claims: (players, rounds) =>
      players.map((player) => ({ ...complete(player, rounds), details: [longestQueue(player)] })),
  },
  {
    title: "Act 1: the same load in bursts",
    intro: [
      `Still ${MEAN_PERCENT} of a core on average, but as bursts of ${
        bytes(BURST_FRAMES * FRAME_BYTES)
      }. The naive client reads a packet,`,
      "handles it, reads the next: what it has not read fills the kernel's buffers, then the",
      `server's own queue, and at ${
        bytes(QUEUE_LIMIT_BYTES)
      } the server cuts it off. Spillway drains the socket between`,
      "handler calls; a burst waits in its buffer, and the silence behind it pays for the work.",
    ],
    load: LOADS.bursts,
    clients: ["naive", "Spillway"],
    claims: ([naive, spillway], rounds) => [cutOff(naive), survived(spillway, rounds)],
  },
  {
    title: "Act 2: more than the handler can ever do",
    intro: [
      `${
        whole(FLOOD_RATE)
      } frames a second, all the time. No way of reading helps against that; Spillway says so.`,
    ],
    load: LOADS.flood,
    clients: ["Spillway"],
    claims: ([spillway]) => [paused(spillway), overloaded(spillway)],
  },
];

/** All frames came, were handled in order, and the server was content. */
function complete(player: Player, rounds: number): Claim {
  const { ending, serverEnding, name } = player;
  const pushed = serverEnding?.framesDue ?? 0;
  const handled = ending?.handled ?? 0;
  const right = ending?.checksum === FrameHandler.expected(payloads(), handled, rounds);
  return {
    holds: serverEnding?.type === "finish" && handled === pushed && right,
    text: `${name} handled ${whole(handled)} of ${whole(pushed)} frames, the checksum is ${
      right ? "right" : "wrong"
    }`,
    details: [],
  };
}

function survived(player: Player, rounds: number): Claim {
  const claim = complete(player, rounds);
  const { ending, serverEnding } = player;
  if (ending === undefined || serverEnding === undefined) return claim;
  const { largestDutyCycleMs } = ending.report;
  return {
    holds: claim.holds && ending.pauses === 0,
    text: claim.text,
    details: [
      `its verdict on itself: reads were ${
        ending.pauses === 0 ? "never paused" : `paused, ${counted(ending.pauses, "time")}`
      }, the socket was never left alone for longer than ${seconds(largestDutyCycleMs)}`,
      longestQueue(player),
    ],
  };
}

/** The server has cut the client off, and the client knows it by ECONNRESET. */
function cutOff(player: Player): Claim {
  const { ending, serverEnding, name } = player;
  const { code, report, handled } = { handled: 0, ...ending };
  const number = linuxErrno(code ?? "");
  return {
    holds: overrun(player) && code === "ECONNRESET" && report?.verdict.kind === "slow_consumer",
    text: `${name} ended with ${code ?? "an end of file"}${
      number === undefined ? "" : ` (errno ${number})`
    } after ${whole(handled)} frames`,
    details: [
      `Spillway's verdict on it: ${report?.verdict.sentence}`,
      serverWord(player),
      `${whole(serverEnding?.framesDue ?? 0)} frames had been pushed to it by then`,
    ],
  };
}

function paused(player: Player): Claim {
  const { pauses, costUs } = { pauses: 0, costUs: 0, ...player.ending };
  return {
    holds: pauses > 0 && FLOOD_RATE * costUs > 1e6,
    text: `${player.name} had to stop reading (${
      counted(pauses, "pause")
    }) once its buffer was full`,
    details: [
      `${whole(FLOOD_RATE)} frames/s × ${costUs.toFixed(0)} µs each = ${
        (FLOOD_RATE * costUs / 1e6).toFixed(1)
      } cores, and a handler has one: make it ${
        (FLOOD_RATE * costUs / 1e6).toFixed(1)
      } times faster, ask for less, or drop frames`,
    ],
  };
}

function overloaded(player: Player): Claim {
  const { code, report, handled } = { handled: 0, ...player.ending };
  const read = Math.floor(player.progress.bytesRead / FRAME_BYTES);
  return {
    holds: overrun(player) && report?.verdict.kind === "slow_consumer" && handled === read,
    text: `${player.name} was cut off (${code ?? "end of file"}) and handled all ${
      whole(handled)
    } frames it had read`,
    details: [`its verdict on itself: ${report?.verdict.sentence}`, serverWord(player)],
  };
}

function longestQueue({ serverEnding }: Player): string {
  return `the server's queue for it was ${
    bytes(serverEnding?.maxQueueBytesSeen ?? 0)
  } at its longest, ${bytes(QUEUE_LIMIT_BYTES)} are allowed`;
}

function overrun({ serverEnding }: Player): boolean {
  return serverEnding?.type === "cut" && serverEnding.reason === "queue_overrun";
}

function serverWord({ serverEnding }: Player): string {
  if (serverEnding?.type !== "cut") return `the server's word: ${serverEnding?.type}`;
  const { reason, queueBytes, elapsedMs } = serverEnding;
  return `the server's word: ${reason} after ${seconds(elapsedMs)}, ${bytes(queueBytes)} unsent`;
}

/** The handler's cost as it is set. */
export const HANDLER_WORDS: string =
  `A server and its clients, each in a process of its own. All clients run the same handler: ${COST_US} µs of work a frame.`;

/** Whether the handler took about as long a frame as it was set to; a machine with other work to do lets it take longer. */
export function costAsPlanned(players: Player[]): boolean {
  return players.every(({ ending }) => {
    const ratio = (ending?.costUs ?? 0) / COST_US;
    return ratio > 0.7 && ratio < 1.6;
  });
}
