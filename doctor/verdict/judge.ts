/**
 * Which verdicts hold, and which matter first.
 *
 * @module
 */

import type { ConnectionEnd, DoctorVerdict } from "../report.ts";
import { endVerdict, thirdPartyVerdict, unknownVerdict } from "./ended.ts";
import type { Facts } from "./facts.ts";
import {
  bottleneckVerdict,
  lossShare,
  lossVerdict,
  outageVerdict,
  sentAgain,
  unreachableVerdict,
} from "./network.ts";
import { idleVerdict, silentVerdict } from "./quiet.ts";
import { setupVerdict } from "./setup.ts";
import { bufferVerdict, mayBeLimited, slowVerdict } from "./slow.ts";

/** Two are enough: the more are said, the less each is worth. */
const VERDICTS_MAX = 2;
/** A reader whose buffer runs over loses about so much of what comes. */
const OVERRUN_SHARE = 0.03;
/** Fewer packets tell nothing. */
const PACKETS_MIN = 3;

/** So many do not come at once. */
const TIMELESS_PACKETS = 8;

/** Says what is true of a connection, what matters most first. */
export function judge(facts: Facts, end: ConnectionEnd): DoctorVerdict[] {
  if (facts.oneWay) {
    return [
      unknownVerdict(facts, "only one direction was captured, which can't tell who was to blame"),
    ];
  }
  const setup = setupVerdict(facts, end);
  if (setup !== undefined) return [setup];
  if (facts.durationMs === 0 && facts.connection.packets > TIMELESS_PACKETS) {
    return [unknownVerdict(facts, "all packets have the same time, which tells nothing")];
  }
  const last = endVerdict(facts, end);
  if (facts.windowsCut) {
    const why = "too little of each packet was captured: windows are missing";
    return [unknownVerdict(facts, why), ...TELLING.has(last.kind) ? [last] : []];
  }
  const found = [
    thirdPartyVerdict(facts, end),
    slowVerdict(facts, end, facts.reader),
    slowVerdict(facts, end, facts.sender),
    unreachableVerdict(facts),
    bottleneckVerdict(facts, end),
    outageVerdict(facts),
    lossVerdict(facts),
    bufferVerdict(facts),
    ...quietVerdicts(facts, end),
  ].filter((verdict) => verdict !== undefined);
  if (found.length > 0) return withEnd(told(found, facts), last).slice(0, VERDICTS_MAX);
  const why = unknownBecause(facts, end);
  if (why === undefined) return [last];
  return TELLING.has(last.kind) ? [last, unknownVerdict(facts, why)] : [unknownVerdict(facts, why)];
}

/** Without what the first one explains. */
function told(found: DoctorVerdict[], facts: Facts): DoctorVerdict[] {
  const [{ kind: first }] = found;
  // A full receive buffer, or a full queue, loses packets.
  const overrun = first === "slow_consumer" && lossShare(facts) < OVERRUN_SHARE;
  const overflown = first === "path_bottleneck";
  // An end that may be a timeout's says nothing where something was wrong.
  const quiet = first === "server_silent" || first === "server_idle_closed";
  return found.filter(({ kind }) => {
    if (kind === "packet_loss") return !overrun && !overflown;
    return kind !== "server_idle_closed" || quiet;
  });
}

/** Why nothing can be said though nothing was found; `undefined` if it can. */
function unknownBecause(facts: Facts, end: ConnectionEnd): string | undefined {
  if (facts.connection.packets < PACKETS_MIN && !facts.handshake) {
    return "too few packets were captured to say anything";
  }
  const { syns, synAcks } = facts.connection.ending;
  if (syns > 0 && synAcks === 0 && facts.server.packets === 0) {
    return "the capture ended before the server could have answered";
  }
  if (facts.brokenOff && end.by === "capture") {
    return "the capture breaks off before the connection ended; nothing was wrong until then";
  }
  if (mayBeLimited(facts)) {
    return "whether a window stopped the sender can't be told: the handshake was not captured whole";
  }
  if (facts.lossy && sentAgain(facts)) {
    return "packets were sent again, but the capture misses so many that it can't tell who lost them";
  }
  return undefined;
}

/** A silence up to an idle timeout is part of it. */
function quietVerdicts(facts: Facts, end: ConnectionEnd): (DoctorVerdict | undefined)[] {
  const silent = silentVerdict(facts, end);
  const idle = idleVerdict(facts, end);
  return facts.server.silence.pauses.some((pause) => !pause.ended)
    ? [idle, silent]
    : [silent, idle];
}

/** Ends that add something to what went before. */
const TELLING: ReadonlySet<string> = new Set([
  "server_reset",
  "server_crashed",
  "client_killed",
]);

function withEnd(found: DoctorVerdict[], last: DoctorVerdict): DoctorVerdict[] {
  const [first] = found;
  const said = first.kind === "third_party" || first.outcome === "cut" ||
    first.kind === "path_bottleneck";
  if (said || !TELLING.has(last.kind)) return found;
  // A recovered stall did not end the connection.
  const past = first.outcome === "recovered" || first.outcome === "still_stalled" ||
    first.kind === "server_silent";
  return past ? [last, ...found] : [first, last, ...found.slice(1)];
}
