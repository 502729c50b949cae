/**
 * A TCP push-feed client that no server cuts off as a slow consumer: it reads
 * the socket until it is empty before it dispatches, frames in WASM, and hands
 * batches to your code.
 *
 * @example Count and sum frames with a 4-byte length prefix
 * ```ts ignore
 * import { connect } from "jsr:@spillway/spillway";
 *
 * await using client = await connect("localhost:9000", {
 *   framing: { type: "length_field", initialBytesToStrip: 4 },
 *   columns: [{ name: "price", type: "u32", at: 0 }],
 * });
 * let sum = 0;
 * for await (const batch of client) {
 *   for (const price of batch.columns.price) sum += price;
 * }
 * console.log(client.stats().frames, sum, (await client.closed).message);
 * ```
 *
 * @module
 */

export type { Overflow, SpillEvent, WhenFull } from "./src/backlog/backlog.ts";
export type { Batch } from "./src/batch.ts";
export { type Client, connect } from "./src/client.ts";
export type { Column, ColumnArray, ColumnArrays, ColumnType, ColumnValues } from "./src/columns.ts";
export type { Partition } from "./src/dispatch/lanes.ts";
export {
  type Handler,
  type HandlerContext,
  HandlerError,
  type OptionValue,
  type OptionValues,
} from "./src/dispatch/handler.ts";
export {
  CorruptMemoryError,
  DisconnectError,
  FramingError,
  OptionError,
  SpillwayError,
  type ViolationDetail,
  type ViolationName,
  WriteQueueFullError,
} from "./src/errors.ts";
export type {
  BeastFraming,
  CobsFraming,
  DelimiterFraming,
  FixedLengthFraming,
  Framing,
  FramingLimits,
  LengthFieldFraming,
  LinesFraming,
  NatsFraming,
  NetstringFraming,
  OctetCountingFraming,
  RawFraming,
  RespFraming,
  Resync,
  SlipFraming,
  VarintLengthFraming,
} from "./src/framing.ts";
export type {
  ClientEvent,
  ConnectOptions,
  HandlerOptions,
  ReconnectOptions,
} from "./src/options.ts";
export type { Heartbeat, RespondRule } from "./src/reader/control.ts";
export { type Chunk, type Tap, TapError } from "./src/reader/tap.ts";
export type { DisconnectReason } from "./src/reason.ts";
export { HandshakeError, type Session } from "./src/session.ts";
export type { HandlerCall } from "./src/hold_meter.ts";
export type { ClientStats, HandlerStats } from "./src/status.ts";
export type { Dialer, Duplex, Target, TlsOptions, Transport } from "./src/transport/transport.ts";
export type { DisconnectReport, Verdict, VerdictKind } from "./src/verdict.ts";
