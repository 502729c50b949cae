/**
 * Why a connection ended, in one word.
 *
 * @module
 */

/**
 * How a connection ended, or why there was none.
 *
 * `eof`: the server closed at a frame boundary, or TLS was cut there without
 * close_notify · `eof_in_frame`: the same inside a frame · `reset`: ECONNRESET (104)
 * or ECONNABORTED (103) · `not_connected`: ENOTCONN (107) · `broken_pipe`: EPIPE
 * while writing · `refused` · `dns` · `unreachable` · `tls` · `connect_timeout` ·
 * `idle_timeout`: no byte for `idleTimeoutMs` ·
 * `os_timeout`: ETIMEDOUT · `permission`: Deno refused · `invalid_frame` ·
 * `corrupt_memory`: a worker overwrote the shared memory · `handler`: the
 * handler threw · `tap`: the tap threw · `handshake` · `aborted`: your signal or
 * `close()` · `exhausted`: the dialer has no further connection · `other`
 */
export type DisconnectReason =
  | "eof"
  | "eof_in_frame"
  | "reset"
  | "not_connected"
  | "broken_pipe"
  | "refused"
  | "dns"
  | "unreachable"
  | "tls"
  | "connect_timeout"
  | "idle_timeout"
  | "os_timeout"
  | "permission"
  | "invalid_frame"
  | "corrupt_memory"
  | "handler"
  | "tap"
  | "handshake"
  | "aborted"
  | "exhausted"
  | "other";
