/**
 * How a watched socket is doing.
 *
 * @module
 */

/**
 * `connecting`: no answer to the SYN yet · `idle`: nothing comes, and nothing waits (seen with `ss`
 * only) · `keeping_up`: nothing waits, or it is read · `behind`: read, but more comes ·
 * `not_reading`: bytes wait, and no read is seen · `peer_closed`: the server has closed, the
 * program has not · `gone`: the program has the socket no more
 */
export type LiveState =
  | "connecting"
  | "idle"
  | "keeping_up"
  | "behind"
  | "not_reading"
  | "peer_closed"
  | "gone";

/** How a socket is doing. */
export interface LiveStatus {
  /** For programs. */
  state: LiveState;
  /** For people. */
  sentence: string;
  /** When this was seen, in milliseconds. */
  atMs: number;
  /** How long the state lasts, at least. */
  stateMs: number;
  /** Bytes that wait unread. */
  unread: number;
  /** How long something waits and no read was seen. */
  unreadMs: number;
  /** How long of that, up to now, there certainly was none; the rest may be reading less than comes. */
  certainMs: number;
  /** Whether a read was seen just before that. */
  afterRead: boolean;
  /** Whether the server has closed and the program has not read as far as that. */
  endUnread: boolean;
  /** Whether the receive window is shut; `undefined`: not known. */
  window: "shut" | "nearly_shut" | "open" | undefined;
  /** When it will be, if bytes come as they do and none is read, in milliseconds. */
  shutInMs: number | undefined;
  /** Bytes that come each second; `undefined`: not known. */
  arrivingPerSecond: number | undefined;
  /** Bytes that are read each second; `undefined`: not known. */
  readPerSecond: number | undefined;
  /** Bytes the server has written that are not here yet; `undefined`: it is not on this machine. */
  serverQueue: number | undefined;
}
