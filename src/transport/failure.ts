/**
 * Tells from an error what happened to a connection.
 *
 * @module
 */

import { linuxErrno, messageOf } from "../errors.ts";
import type { DisconnectReason } from "../reason.ts";
import { flagsFor } from "./flags.ts";

/** What an error means for a connection. */
export interface Failure {
  /** In one word. */
  reason: DisconnectReason;
  /** The operating system's name for it. */
  code?: string;
  /** In half a sentence, naming the endpoint. */
  what: string;
  /** The error itself. */
  cause: unknown;
}

/** Reason of an abort that was the connect timeout's. */
export class ConnectTimeout extends Error {
  override name = "ConnectTimeout";
}

const BY_CODE: Record<string, DisconnectReason> = {
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  ENOTCONN: "not_connected",
  EPIPE: "broken_pipe",
  ECONNREFUSED: "refused",
  ETIMEDOUT: "os_timeout",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
};

/** Deno's errors go by their names: where there is no Deno, there are no classes to compare with. */
const BY_NAME: Record<string, DisconnectReason> = {
  // A TLS connection cut without close_notify.
  UnexpectedEof: "eof",
  ConnectionReset: "reset",
  NotConnected: "not_connected",
  BrokenPipe: "broken_pipe",
  NotFound: "refused",
};

const WORDS: Partial<Record<DisconnectReason, string>> = {
  reset: "the connection was reset",
  not_connected: "the socket is not connected",
  broken_pipe: "the connection was closed while writing",
  refused: "the connection was refused",
  os_timeout: "the connection timed out",
  unreachable: "the host is unreachable",
  dns: "the host name was not found",
  tls: "TLS failed",
  eof: "the server closed the connection",
  eof_in_frame: "the server closed the connection inside a frame",
};

/** What to do about a certificate that was refused, where the refusal does not say: words of rustls, which Deno passes on. */
const TLS_CURES: readonly (readonly [RegExp, string])[] = [
  [
    /UnknownIssuer/,
    "; no CA known here has signed it: give its own as tls.caCerts, or as --ca FILE",
  ],
  [
    /CaUsedAsEndEntity/,
    "; it is marked as a CA itself: have it made with basicConstraints=critical,CA:FALSE",
  ],
  [/not valid for any names/, "; its CN is no such name: have it made with a subjectAltName"],
  [/not valid for name/, "; a name it has is given as tls.serverName, or as --server-name NAME"],
  [/Expired|NotValidYet/, "; have it renewed, or set this machine's clock"],
];

/** Class name of an error, the empty string for what is none. */
export function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : "";
}

/**
 * Classes an error of a connection; `name` is the endpoint's, as permissions spell it.
 * Only where Deno speaks `tls` are words such as "peer" about that.
 */
export function classify(cause: unknown, name: string, tls = false): Failure {
  if (cause instanceof ConnectTimeout) {
    return { reason: "connect_timeout", what: cause.message, cause };
  }
  if (nameOf(cause) === "NotCapable" || nameOf(cause) === "PermissionDenied") {
    return {
      reason: "permission",
      what: `connecting to ${name} is not permitted, run again with ${flagsFor(name)}`,
      cause,
    };
  }
  const code = (cause as { code?: unknown } | null)?.code;
  const known = typeof code === "string" ? BY_CODE[code] : undefined;
  const reason = known ?? byWords(cause, tls);
  const said = typeof code === "string"
    ? `${WORDS[reason] ?? clauseOf(cause)} (${code}${numberOf(code)})`
    : undefined;
  const clause = clauseOf(cause);
  const heard = reason === "other" ? clause : `${WORDS[reason]} (${clause}${cureOf(clause)})`;
  return {
    reason,
    code: typeof code === "string" ? code : undefined,
    what: `${name}: ${said ?? heard}`,
    cause,
  };
}

function cureOf(clause: string): string {
  return TLS_CURES.find(([words]) => words.test(clause))?.[1] ?? "";
}

/** Half a sentence for an end that no error told. */
export function ended(reason: "eof" | "eof_in_frame", name: string): Failure {
  return { reason, what: `${name}: ${WORDS[reason]}`, cause: undefined };
}

function byWords(cause: unknown, tls: boolean): DisconnectReason {
  const named = BY_NAME[nameOf(cause)];
  if (named !== undefined) return named;
  const message = clauseOf(cause);
  if (
    /failed to lookup address|Name or service not known|No such host|nodename nor servname/i.test(
      message,
    )
  ) return "dns";
  if (nameOf(cause) === "InvalidData") return "tls";
  if (tls && /certificate|handshake|tls|peer/i.test(message)) return "tls";
  return "other";
}

function numberOf(code: string): string {
  const errno = linuxErrno(code);
  return errno === undefined ? "" : `, errno ${errno} on Linux`;
}

/** Without the full stop: the sentence goes on behind it. */
function clauseOf(cause: unknown): string {
  return messageOf(cause).replace(/\.$/, "");
}
