/**
 * How a byte stream is cut into frames: the option objects, in the words of
 * Netty and Vector.
 *
 * @module
 */

/** Options every framing shares. */
export interface FramingLimits {
  /**
   * The longest frame accepted, in bytes (1 to 64 MiB). What counts as the
   * frame is said at each framing. Default 131072 (128 KiB); `nats` 1052672.
   */
  maxFrameLength?: number;
  /**
   * What to do with input that is not a valid frame: `"close"` (default) ends
   * the connection with a `FramingError`; `"skip"` discards up to the next
   * place a frame can start, counts the bytes and goes on.
   */
  onInvalid?: "close" | "skip";
}

/** Verifies frames and finds the next one after garbage. */
export interface Resync {
  /** Bytes every frame begins with (1 to 8). With `length_field` they lie before the length field: at most `lengthFieldOffset` bytes. */
  magic?: Uint8Array;
  /** A checksum at the end of every frame, over all bytes before it. */
  checksum?: {
    /** `xor8` and `sum8` are 1 byte, `crc16` (CCITT-FALSE) 2, `crc32` (IEEE) and `crc32c` (Castagnoli) 4. */
    type: "xor8" | "sum8" | "crc16" | "crc32" | "crc32c";
    /** Default `"big"`. */
    byteOrder?: "big" | "little";
  };
}

/**
 * A length field, as Netty's `LengthFieldBasedFrameDecoder` reads it:
 * frame length = `lengthFieldOffset + lengthFieldLength + value + lengthAdjustment`.
 * `maxFrameLength` bounds that sum, before stripping.
 */
export interface LengthFieldFraming extends FramingLimits {
  /** Selects this framing. */
  type: "length_field";
  /** Bytes before the length field (0 to 65535). Default 0. */
  lengthFieldOffset?: number;
  /** Width of the length field in bytes. Default 4. */
  lengthFieldLength?: 1 | 2 | 3 | 4 | 8;
  /** Added to the field's value; negative when the value counts the header too. Default 0. */
  lengthAdjustment?: number;
  /** Bytes cut from the front of each frame before it is delivered. Default 0. */
  initialBytesToStrip?: number;
  /** Default `"big"`. */
  byteOrder?: "big" | "little";
  /** Optional magic and checksum. */
  resync?: Resync;
}

/** A protobuf varint (1 to 10 bytes) holding the payload's length, then the payload. `maxFrameLength` bounds the payload. */
export interface VarintLengthFraming extends FramingLimits {
  /** Selects this framing. */
  type: "varint_length";
}

/** Frames of one size. */
export interface FixedLengthFraming {
  /** Selects this framing. */
  type: "fixed_length";
  /** Size of every frame in bytes (1 to 64 MiB). */
  frameLength: number;
  /** See {@linkcode FramingLimits.onInvalid}; only a `resync` makes a frame invalid. */
  onInvalid?: "close" | "skip";
  /** Optional magic and checksum. */
  resync?: Resync;
}

/** Frames ended by a delimiter. `maxFrameLength` bounds the bytes before it. */
export interface DelimiterFraming extends FramingLimits {
  /** Selects this framing. */
  type: "delimiter";
  /** 1 to 8 bytes; a string is encoded as UTF-8. */
  delimiter: string | Uint8Array;
  /** Deliver the delimiter with the frame. Default `false`. */
  keepDelimiter?: boolean;
}

/** Lines ended by `\n` or `\r\n`. `maxFrameLength` bounds the bytes before the `\n`. */
export interface LinesFraming extends FramingLimits {
  /** Selects this framing. */
  type: "lines";
  /** Deliver the line end with the line. Default `false`. */
  keepDelimiter?: boolean;
}

/** RFC 6587 octet counting, as syslog over TCP uses it: `LEN SP MSG`. `maxFrameLength` bounds MSG. */
export interface OctetCountingFraming extends FramingLimits {
  /** Selects this framing. */
  type: "octet_counting";
}

/** Netstrings: `LEN:BYTES,`. `maxFrameLength` bounds BYTES. */
export interface NetstringFraming extends FramingLimits {
  /** Selects this framing. */
  type: "netstring";
}

/** SLIP (RFC 1055), unescaped. Empty packets are dropped. `maxFrameLength` bounds the packet after unescaping. */
export interface SlipFraming extends FramingLimits {
  /** Selects this framing. */
  type: "slip";
}

/** Consistent Overhead Byte Stuffing, frames ended by 0x00, decoded. `maxFrameLength` bounds the decoded bytes. */
export interface CobsFraming extends FramingLimits {
  /** Selects this framing. */
  type: "cobs";
}

/**
 * Mode S Beast binary: `0x1a`, a type (`1` 2-byte Mode A/C, `2` 7-byte and `3`
 * 14-byte Mode S; `4` 14-byte status), 6 bytes MLAT time, 1 byte signal, the
 * message; every `0x1a` after the type doubled. A frame is delivered from its
 * type byte on, unescaped.
 */
export interface BeastFraming {
  /** Selects this framing. */
  type: "beast";
  /** See {@linkcode FramingLimits.onInvalid}. Default `"close"`. */
  onInvalid?: "close" | "skip";
}

/** Redis serialisation protocol, RESP2 and RESP3: one whole top-level value a frame, nested to 32 levels. `maxFrameLength` bounds the value's bytes. */
export interface RespFraming extends FramingLimits {
  /** Selects this framing. */
  type: "resp";
}

/** NATS protocol: one line (`INFO`, `PING`, `+OK` …) or a `MSG`/`HMSG` line with its payload a frame, line ends kept. `maxFrameLength` bounds the whole. */
export interface NatsFraming extends FramingLimits {
  /** Selects this framing. */
  type: "nats";
}

/** No framing: what each read brought is one frame. */
export interface RawFraming {
  /** Selects this framing. */
  type: "raw";
}

/** How the byte stream is cut into frames. */
export type Framing =
  | LengthFieldFraming
  | VarintLengthFraming
  | FixedLengthFraming
  | DelimiterFraming
  | LinesFraming
  | OctetCountingFraming
  | NetstringFraming
  | SlipFraming
  | CobsFraming
  | BeastFraming
  | RespFraming
  | NatsFraming
  | RawFraming;
