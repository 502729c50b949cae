/**
 * Which verdicts hold, and which matter first.
 *
 * @module
 */

import type { ConnectionEnd, DoctorVerdict } from "../report.ts";
import { endVerdict, thirdPartyVerdict, unknownVerdict } from "./ended.ts";
import type { Facts } from "./facts.ts";
import { bottleneckVerdict, lossVerdict, outageVerdict, unreachableVerdict } from "./network.ts";
import { idleVerdict, silentVerdict } from "./quiet.ts";
import { setupVerdict } from "./setup.ts";
import { bufferVerdict, mayBeLimited, slowVerdict } from "./slow.ts";

/** Two are enough: the more are said, the less each is worth. */
const VERDICTS_MAX = 2;
/** Fewer packets tell nothing. */
const PACKETS_MIN = 3;

/** Says what is true of a connection, what matters most first. */
export function judge(facts: Facts, end: ConnectionEnd): DoctorVerdict[] {
  if (facts.oneWay) {
    return [
      unknownVerdict(facts, "only one direction was captured, which can't tell who was to blame"),
    ];
  }
  const setup = setupVerdict(facts, end);
  if (setup !== undefined) return [setup];
  const found = [
    thirdPartyVerdict(facts, end),
    slowVerdict(facts, end, facts.reader),
    unreachableVerdict(facts),
    bottleneckVerdict(facts, end),
    outageVerdict(facts),
    lossVerdict(facts),
    bufferVerdict(facts),
    ...quietVerdicts(facts, end),
  ].filter((verdict) => verdict !== undefined);
  const last = endVerdict(facts, end);
  if (found.length === 0 && mayBeLimited(facts)) {
    const why =
      "whether a window stopped the sender can't be told: the handshake, which says in what unit windows are counted, was not captured";
    return TELLING.has(last.kind)
      ? [last, unknownVerdict(facts, why)]
      : [unknownVerdict(facts, why)];
  }
  if (found.length > 0) return withEnd(found, last).slice(0, VERDICTS_MAX);
  if (facts.connection.packets < PACKETS_MIN && !facts.handshake) {
    return [unknownVerdict(facts, "too few packets were captured to say anything")];
  }
  return [last];
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
