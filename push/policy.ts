/**
 * When a server throws a client out.
 *
 * @module
 */

/** Limits a client must stay within. A limit left out does not apply. */
export interface CutPolicy {
  /**
   * Longest send queue of the server's own, in bytes: frames due that the
   * kernel has not taken yet, as Redis' `client-output-buffer-limit`. The
   * kernel's own buffers come first: over loopback they grow to several MB
   * (tcp_wmem and tcp_rmem), all of which a client that does not read fills
   * before this queue begins to grow.
   */
  maxQueueBytes?: number;
  /**
   * Longest time for which the kernel takes nothing while there is something to
   * send, in ms. Frames are handed over in pieces of 64 KiB: what is
   * noticed is a piece taken whole, so a client slower than 64 KiB in this time
   * counts as one that takes nothing.
   */
  noProgressMs?: number;
  /**
   * How the client is cut: `"rst"` resets, so that what it has not read of the
   * kernel's send buffer is lost; `"fin"` closes, as Redis does: the kernel
   * goes on delivering what it took, then the client reads an end of file,
   * often inside a frame. Default `"rst"`; on a unix socket, which knows no reset, `"fin"`.
   */
  cut?: "rst" | "fin";
}

/** A question the server asks the client. */
export interface Ping {
  /** Time between two questions in ms. */
  everyMs: number;
  /** Time the client has for its answer in ms, from when the question was due. */
  withinMs: number;
  /** The bytes that ask, sent between two frames. */
  send: Uint8Array;
  /** The bytes that answer, found anywhere in what the client sends. */
  answer: Uint8Array;
}

/** Why a client was cut. */
export type CutReason = "queue_overrun" | "no_progress" | "ping_timeout";

/** What is judged. */
export interface ClientState {
  /** Bytes due that the kernel has not taken. */
  queueBytes: number;
  /** When the kernel last took something, or the queue was last empty. */
  progressAt: number;
  /** Until when the open question must be answered; `Infinity` if none is open. */
  answerUntil: number;
}

/** The reason to cut a client at time `now`, if there is one. */
export function judge(policy: CutPolicy, state: ClientState, now: number): CutReason | undefined {
  if (state.queueBytes > (policy.maxQueueBytes ?? Infinity)) return "queue_overrun";
  if (now >= noProgressAt(policy, state)) return "no_progress";
  if (now >= state.answerUntil) return "ping_timeout";
  return undefined;
}

/** When the client in this state is to be judged next, if nothing changes before. */
export function judgeAt(policy: CutPolicy, state: ClientState): number {
  return Math.min(noProgressAt(policy, state), state.answerUntil);
}

function noProgressAt(policy: CutPolicy, state: ClientState): number {
  if (policy.noProgressMs === undefined || state.queueBytes === 0) return Infinity;
  return state.progressAt + policy.noProgressMs;
}
