//! What TypeScript and the core exchange. `zig build` writes these layouts and
//! numbers into src/core/abi.ts; nothing there is copied by hand.

const std = @import("std");
const builtin = @import("builtin");
const limits = @import("limits.zig");

/// Other threads can write the core's memory, its state and stack included: loops
/// that count on either are bounded by what is in neither, and trap at the bound.
pub const shared_memory = builtin.cpu.arch.isWasm() and
    std.Target.wasm.featureSetHas(builtin.cpu.features, .atomics);

pub const Kind = enum(u32) {
    length_field,
    varint_length,
    fixed_length,
    delimiter,
    lines,
    octet_counting,
    netstring,
    slip,
    cobs,
    beast,
    resp,
    nats,
    raw,

    /// These kinds tell where a frame's raw bytes lie by an index of their own;
    /// for the others it follows from what was cut off in front, or from the
    /// delimiter that still stands behind the frame.
    pub fn storesRaw(kind: Kind) bool {
        return switch (kind) {
            .length_field, .fixed_length, .delimiter, .lines, .raw => false,
            else => true,
        };
    }
};

pub const OnInvalid = enum(u32) { close, skip };
pub const ByteOrder = enum(u32) { big, little };
pub const Checksum = enum(u32) { none, xor8, sum8, crc16, crc32, crc32c };

/// RESP: what may come next in the partial value.
pub const Expect = enum(u32) {
    /// A value; in a streamed aggregate also its end.
    value_or_end,
    /// The value an attribute belongs to.
    value,
    /// A part of a streamed string.
    part,
    /// The rest of a line.
    line_end,
};

/// Why a scan returned.
pub const Status = enum(u32) {
    /// All input is framed but a partial tail.
    need_more,
    /// The slab's index has no room; the rest belongs into the next slab.
    index_full,
    /// Input that is not a frame, and `on_invalid` is close.
    invalid,
};

/// What was wrong with an invalid frame; src/errors.ts has the sentences.
pub const Violation = enum(u32) {
    none,
    frame_too_long,
    length_negative,
    length_overflow,
    length_below_header,
    strip_exceeds_frame,
    varint_too_long,
    bad_digit,
    bad_byte,
    bad_escape,
    bad_type,
    too_deep,
    bad_magic,
    bad_checksum,
};

/// One framing with its configuration and everything it must remember between
/// two chunks. Plain data: a copy of it is a checkpoint.
pub const Framer = extern struct {
    // Configuration, written once by the embedder.
    kind: Kind = .raw,
    on_invalid: OnInvalid = .close,
    max_frame_length: u32 = 131072,
    length_field_offset: u32 = 0,
    length_field_length: u32 = 4,
    length_adjustment: i32 = 0,
    initial_bytes_to_strip: u32 = 0,
    byte_order: ByteOrder = .big,
    frame_length: u32 = 0,
    keep_delimiter: u32 = 0,
    delimiter_length: u32 = 0,
    magic_length: u32 = 0,
    checksum: Checksum = .none,
    checksum_order: ByteOrder = .big,
    delimiter: [limits.pattern_bytes_max]u8 = @splat(0),
    magic: [limits.pattern_bytes_max]u8 = @splat(0),

    // State, owned by the core.
    /// Bytes of the partial frame already looked at.
    searched: u32 = 0,
    /// 1 while input is skipped up to the next place a frame can start.
    discarding: u32 = 0,
    /// Bytes of a rejected frame of known length still to come.
    discard_left: u64 = 0,
    /// SLIP: whole escapes in the bytes looked at.
    escapes: u32 = 0,
    /// RESP: what may come where the search goes on.
    expect: Expect = .value_or_end,
    /// RESP: levels open in the partial value.
    depth: u32 = 0,
    /// RESP: elements each open level still lacks; see core/framing/resp.zig.
    remaining: [limits.resp_depth_max]u32 = @splat(0),
    /// NATS: raw length of the partial message once its line is read, else 0.
    message_length: u32 = 0,
    /// Lookup table of the checksum, filled by `init`.
    checksum_table: [256]u32 = @splat(0),
};

/// A slab's addresses: constant, one per slab.
pub const Slab = extern struct {
    bytes: u32 = 0,
    /// Index arrays of `capacity` u32 each; positions are relative to `bytes`.
    offsets: u32 = 0,
    lengths: u32 = 0,
    raw_offsets: u32 = 0,
    raw_lengths: u32 = 0,
    capacity: u32 = 0,
    /// `Column` array of this slab.
    columns: u32 = 0,
    column_count: u32 = 0,
};

/// One declared field, gathered into `values` at the frame's index.
pub const Column = extern struct {
    at: u32 = 0,
    /// 1, 2, 4 or 8 bytes.
    width: u32 = 1,
    byte_order: ByteOrder = .big,
    values: u32 = 0,
    /// The value of a frame too short to hold the field, as little-endian bits.
    missing: u64 = 0,
};

/// Frames equal to `bytes` are counted in `hits`.
pub const Rule = extern struct {
    bytes: u32 = 0,
    length: u32 = 0,
    hits: u32 = 0,
};

/// What one scan did. An out-struct because a packed u64 costs six times a call.
pub const Outcome = extern struct {
    status: Status = .need_more,
    violation: Violation = .none,
    /// Frames in the slab's index now.
    frames: u32 = 0,
    /// Where the first unframed byte lies in the slab.
    framed: u32 = 0,
    /// Where in the slab the violation lies.
    violation_at: u32 = 0,
    /// Frames rejected in this scan under `skip`.
    skipped_frames: u32 = 0,
    /// Bytes discarded in this scan under `skip`.
    skipped_bytes: u32 = 0,
    /// Bytes between frames that carry nothing (empty SLIP packets).
    padding_bytes: u32 = 0,
    /// Frames too short for a declared column, once per column.
    missing_fields: u32 = 0,
    /// Violation arguments; lengths are i64, bytes and depths small.
    expected: u64 = 0,
    actual: u64 = 0,
};
