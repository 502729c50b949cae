/**
 * How a socket is doing, in a sentence.
 *
 * @module
 */

import type { LiveStatus } from "./status.ts";
import { bytes as bytesText, time as timeText } from "../words.ts";

/** The sentence. */
export function stateSentence(status: Omit<LiveStatus, "sentence">): string {
  const { unread, unreadMs } = status;
  switch (status.state) {
    case "connecting":
      return `no answer to the SYN for ${timeText(status.stateMs)}`;
    case "idle":
      return "nothing comes, and nothing waits";
    case "keeping_up":
      if (unread === 0) return "the program keeps up, nothing waits";
      return status.afterRead
        ? `the program reads, ${bytesText(unread)} wait`
        : `${bytesText(unread)} wait${forTime(unreadMs)}`;
    case "behind":
      return `the program reads less than comes, ${bytesText(unread)} wait${windowWords(status)}`;
    case "not_reading":
      return `${stallWords(unreadMs, status.certainMs)}, ${bytesText(unread)} wait` +
        windowWords(status);
    case "peer_closed":
      return closedSentence(status);
    case "gone":
      return unread === 0
        ? "the socket is gone, nothing waited at the last look"
        : `the socket is gone, ${bytesText(unread)} were not read at the last look`;
  }
}

/** How long nothing was read, in words; what is not certain is only what no look saw. */
function stallWords(ms: number, certainMs: number): string {
  if (certainMs >= ms) return `the program has not read for ${timeText(ms)}`;
  if (certainMs < ms / 2) return `no look saw the program read for ${timeText(ms)}`;
  return `the program has not read for ${timeText(certainMs)}, and no look saw it read for ${
    timeText(ms)
  }`;
}

function closedSentence(status: Omit<LiveStatus, "sentence">): string {
  const { unread, unreadMs, endUnread, stateMs, afterRead } = status;
  if (unread > 0) {
    return `the server has closed, ${bytesText(unread)} are still unread` +
      (afterRead && unreadMs === 0
        ? ", and the program reads them"
        : forTime(unreadMs, ", no read"));
  }
  return endUnread
    ? `the server has closed, and the program has not noticed${forTime(unreadMs)}`
    : `the server has closed, the program has read all and not closed${forTime(stateMs)}`;
}

/** ` for 1.5 s`; nothing at a first look, which can't say for how long. */
function forTime(ms: number, before = ""): string {
  return ms === 0 ? "" : `${before} for ${timeText(ms)}`;
}

/** What the window does to the server. */
function windowWords({ window, shutInMs, serverQueue }: Omit<LiveStatus, "sentence">): string {
  const waiting = serverQueue ? `, ${bytesText(serverQueue)} with the server` : "";
  if (window === "shut") return `; the window is shut, the server must wait${waiting}`;
  if (window === "nearly_shut") return `; the receive buffer is full${waiting}`;
  if (shutInMs === undefined) return "";
  return `; the window is still open, at this rate it shuts in ${timeText(shutInMs)}`;
}
