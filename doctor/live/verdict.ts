/**
 * What a watched socket came to, and what to do next.
 *
 * @module
 */

import type { Verdict } from "../../src/verdict.ts";
import type { Confidence, DoctorVerdictKind } from "../report.ts";
import type { Activity } from "./activity.ts";
import type { LiveState, LiveStatus } from "./status.ts";
import type { WatchTotals } from "./watch.ts";
import { bytes as bytesText, time as timeText } from "../words.ts";

/** The verdict. */
export interface LiveVerdict extends Verdict<DoctorVerdictKind> {
  /** How sure it is. */
  confidence: Confidence;
  /** What to do next. */
  next: string;
}

/** What a verdict is made of. */
export interface VerdictInput {
  totals: WatchTotals;
  /** Of the last look. */
  status: LiveStatus;
  /** What the program did when it did not read, if that is known. */
  activity?: Activity;
  /** Its process, if that is known. */
  pid?: number;
}

/** What takes longer than this is not an orderly close, and not a slow network. */
const PATIENCE_MS = 1000;

/** Where no more fits for such a share of the time, the server waits for the program. */
const FULL_SHARE = 0.5;

/** Draws the conclusion. */
export function liveVerdict(input: VerdictInput): LiveVerdict {
  const { totals, status } = input;
  if (totals.stalls > 0) return notReading(input);
  if (totals.behindMs >= PATIENCE_MS || status.state === "behind") return behind(input);
  if (totals.fullMs >= FULL_SHARE * (totals.toMs - totals.fromMs) && totals.fullMs > 0) {
    return full(input);
  }
  if (totals.closeUnnoticedMs >= PATIENCE_MS) return closedUnnoticed(totals, status);
  if (totals.connectingMs >= PATIENCE_MS) return connecting(totals);
  return nothingWrong(totals, status);
}

function notReading(input: VerdictInput): LiveVerdict {
  const { totals, status } = input;
  const { longestStallMs: ms, longestStallCertainMs: certainMs, stalls } = totals;
  const certain = certainMs >= ms;
  const words = certain || certainMs >= PATIENCE_MS
    ? `the program did not read for ${timeText(certainMs)}`
    : `no look saw the program read for ${timeText(ms)}`;
  const more = !certain && certainMs >= PATIENCE_MS
    ? ` (no look saw it read for ${timeText(ms)})`
    : "";
  const times = stalls === 1 ? "" : ` at the longest of ${stalls} times`;
  const server = totals.windowShut ? ", and the server had to wait" : "";
  return {
    kind: "slow_consumer",
    confidence: certain || certainMs >= PATIENCE_MS ? "certain" : "likely",
    sentence: `${words}${more}${times}, ${bytesText(totals.longestStallBytes)} waited${server}; ` +
      OUTCOMES[status.state],
    next: stallAdvice(input),
  };
}

const OUTCOMES: Readonly<Record<LiveState, string>> = {
  connecting: "it connects anew",
  idle: "it has read on since",
  keeping_up: "it has read on since",
  behind: "it reads on, but less than comes",
  not_reading: "it still does not read",
  peer_closed: "the server has closed the connection",
  gone: "the socket is gone",
};

function stallAdvice({ activity, pid, totals }: VerdictInput): string {
  const process = pid === undefined ? "the process" : `process ${pid}`;
  switch (activity?.doing) {
    case "stopped":
      return `let it go on (kill -CONT ${pid ?? "PID"}), or end the debugger's session`;
    case "dead":
      return "its parent has to take note of its end (wait), then the socket is closed";
    case "waits_for_disk":
      return "see which disk or network file system is slow; what writes there must not hold up reading";
    case "computes":
      return `profile ${process}: its handler computes where it should read; ` +
        "let it read first and handle whole batches";
    case "sleeps":
      return `take a stack dump of ${process}: it waits for a lock, a database or a peer; ` +
        "reading must not wait for that";
    case undefined:
      return `find out what ${process} does instead of reading (a stack dump, a profile)` +
        (totals.longestStallCertainMs >= totals.longestStallMs
          ? ""
          : ", and give --allow-run=ss to tell slow from not at all");
  }
}

function programOf(pid: number | undefined): string {
  return pid === undefined ? "the program" : `process ${pid}`;
}

function behind({ totals, pid }: VerdictInput): LiveVerdict {
  const server = totals.windowShut ? ", and the server had to wait" : "";
  return {
    kind: "slow_consumer",
    confidence: "certain",
    sentence: `the program reads, but for ${timeText(totals.behindMs)} less than came, ` +
      `up to ${bytesText(totals.unreadMax)} waited${server}`,
    next: `make what ${
      programOf(pid)
    } does for a message cheaper, or let it read ahead and handle batches`,
  };
}

function full({ totals, pid }: VerdictInput): LiveVerdict {
  const [fullText, watched] = [totals.fullMs, totals.toMs - totals.fromMs].map(timeText);
  return {
    kind: "slow_consumer",
    confidence: "likely",
    sentence: `the program reads, but for ${fullText} of ${watched} no more fitted, ` +
      `up to ${bytesText(totals.unreadMax)} waited, and the server had to wait`,
    next:
      `watch ${
        programOf(pid)
      } for longer to be certain, and make what it does for a message cheaper, ` +
      "or let it read ahead and handle batches",
  };
}

function closedUnnoticed({ closeUnnoticedMs }: WatchTotals, status: LiveStatus): LiveVerdict {
  const { unread, endUnread } = status;
  const left = unread > 0 ? `, ${bytesText(unread)} are unread` : "";
  return {
    kind: "server_closed",
    confidence: "certain",
    sentence: endUnread
      ? `the server closed, and the program has not noticed for ${
        timeText(closeUnnoticedMs)
      }${left}`
      : `the server closed, and the program kept its side open for ${timeText(closeUnnoticedMs)}`,
    next: endUnread
      ? "find out why it does not read: the end of the stream is read like data"
      : "when a read says end of stream, close the socket; and see whether it is to connect again",
  };
}

function connecting({ connectingMs }: WatchTotals): LiveVerdict {
  return {
    kind: "timed_out",
    confidence: "possible",
    sentence: `the server has not answered the SYN for ${timeText(connectingMs)}`,
    next: "check host, port and firewalls, and whether the server runs",
  };
}

function nothingWrong(totals: WatchTotals, status: LiveStatus): LiveVerdict {
  const { looks, unreadMax } = totals;
  const watched = timeText(totals.toMs - totals.fromMs);
  if (status.state === "gone" && status.unread > 0) {
    return {
      kind: "unknown",
      confidence: "possible",
      sentence:
        `the program read, but the socket is gone with ${bytesText(status.unread)} unread: ` +
        "it closed or died, or the server reset the connection",
      next:
        "see what the program says of its end; a capture (spillway doctor FILE) shows who it was",
    };
  }
  return {
    kind: "nothing_wrong",
    confidence: looks > 1 ? "certain" : "possible",
    sentence: unreadMax === 0
      ? `nothing waited unread at any of ${looks} looks in ${watched}`
      : `the program kept up for ${watched}, at most ${bytesText(unreadMax)} waited`,
    next: status.state === "idle"
      ? "nothing comes: if there should be data, ask the server's owner"
      : "if the feed is slow all the same, the cause is not that this program does not read",
  };
}

/** The verdict that matters most: what is wrong before what is not, the longer stall before others. */
export function worstOf(verdicts: readonly LiveVerdict[]): LiveVerdict {
  const rank = ({ kind }: LiveVerdict) => RANK.indexOf(kind);
  return verdicts.toSorted((a, b) => rank(a) - rank(b))[0] ?? {
    kind: "unknown",
    confidence: "possible",
    sentence: "no socket was seen",
    next: "see whether the program runs and is connected",
  };
}

const RANK: readonly DoctorVerdictKind[] = [
  "slow_consumer",
  "server_closed",
  "timed_out",
  "unknown",
  "nothing_wrong",
];
