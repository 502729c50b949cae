/**
 * What is watched, in words and as records.
 *
 * @module
 */

import { activityText } from "../../doctor/live/activity.ts";
import { endpointText } from "../../doctor/address.ts";
import type { LiveChange, LiveSocket } from "../../doctor/live/watcher.ts";
import type { LiveState } from "../../doctor/live/status.ts";
import { bytes as bytesText, time as timeText } from "../../doctor/words.ts";
import type { LiveTarget } from "../../doctor/live/target.ts";

/** How much a state matters. */
export const COLOURS: Readonly<Record<LiveState, "red" | "yellow" | "green" | "dim">> = {
  connecting: "yellow",
  idle: "dim",
  keeping_up: "green",
  behind: "yellow",
  not_reading: "red",
  peer_closed: "yellow",
  gone: "dim",
};

/** `python3 (4711) 10.0.0.5:34532`, with nothing in it that a terminal would obey. */
export function socketText({ program, local }: LiveSocket): string {
  const ends = endpointText(local);
  if (program === undefined) return ends;
  return `${program.name.replace(/[^\x20-\x7e]/g, "?")} (${program.pid}) ${ends}`;
}

/** What was asked for. */
export function targetText(target: LiveTarget): string {
  if (target.kind === "process") return `process ${target.pid}`;
  const addresses = target.addresses === undefined ? ["*"] : [...target.addresses];
  return addresses.map((address) => endpointText({ address, port: target.port })).join(" or ");
}

/** How a socket is doing, and what its program does if it does not read. */
export function statusText({ status, activity }: LiveSocket): string {
  const doing = status.state === "not_reading" && activity !== undefined;
  return doing ? `${status.sentence}; ${activityText(activity)}` : status.sentence;
}

/** How a socket is doing now that something has changed. */
export function changeText({ before, socket }: LiveChange): string {
  const after = before === "not_reading" && socket.status.state !== "gone"
    ? `, after ${timeText(socket.totals.lastStallMs)} without a read`
    : "";
  return `${statusText(socket)}${after}`;
}

/** How a socket is doing, for programs. */
export function statusRecord(socket: LiveSocket): object {
  const { program, activity, info, serverInfo } = socket;
  const { atMs: _, ...status } = socket.status;
  return { ...endsOf(socket), ...status, program, activity, info, serverInfo };
}

/** What a socket came to, for programs. */
export function verdictRecord(socket: LiveSocket): object {
  return { ...statusRecord(socket), totals: socket.totals, verdict: socket.verdict };
}

function endsOf({ local, remote, inode }: LiveSocket): object {
  return { local: endpointText(local), remote: endpointText(remote), inode };
}

/** A record as one line; a hundredth of a millisecond or byte is nothing to know. */
export function jsonLine(record: object): string {
  return JSON.stringify(
    record,
    (_, value) => typeof value === "number" ? Math.round(value * 100) / 100 : value,
  );
}

/** What a socket came to. */
export function verdictText(socket: LiveSocket): string {
  const { verdict, activity, totals, info, serverInfo } = socket;
  const lines = [`${socketText(socket)} to ${endpointText(socket.remote)}: ${verdict.sentence}`];
  if (totals.stalls > 0 && activity !== undefined) {
    lines.push(`  when it did not read: ${activityText(activity)}`);
  }
  const drops = info?.memory?.drops ?? 0;
  if (drops > 0) lines.push(`  the kernel has dropped ${drops} packets of this socket`);
  const limited = serverInfo?.rwndLimitedMs ?? 0;
  if (limited > 0) {
    lines.push(
      `  the server's socket was held back by the window for ${timeText(limited)} in all` +
        (serverInfo?.notSent ? `, ${bytesText(serverInfo.notSent)} are not sent yet` : ""),
    );
  }
  lines.push(`  verdict: ${verdict.kind} (${verdict.confidence})`, `  next: ${verdict.next}`);
  return lines.join("\n");
}
