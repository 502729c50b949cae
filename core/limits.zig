//! Every bound of the core in one place, related at compile time.

const std = @import("std");

/// Bytes asked of the socket at a time. Measured against 64 KiB: what a read costs
/// beside copying is paid half as often.
pub const chunk_bytes = 128 * 1024;

/// The longest frame any framing may be told to accept.
pub const max_frame_length_limit = 64 * 1024 * 1024;

/// A slab is never smaller; it also holds two raw frames of the longest kind.
pub const slab_bytes_min = 256 * 1024;

/// One index entry for so many slab bytes. Shorter frames fill the index
/// before the slab; the reader then goes on in the next slab.
pub const slab_bytes_per_frame = 16;

/// Where the embedder's part of memory begins, behind the core's data and stack.
pub const heap_base = 64 * 1024;

/// Delimiters and magics are kept in the framer itself.
pub const pattern_bytes_max = 8;

/// How deep RESP values may nest.
pub const resp_depth_max = 32;

/// Digits of the largest length octet counting and netstrings may announce.
pub const length_digits_max = 10;

/// Respond rules are matched against every frame, so their number is small.
pub const rules_max = 16;

/// Declared columns are gathered from every frame.
pub const columns_max = 64;

/// What folding for CRC32C leaves of a message, see crc32c.zig.
pub const crc32c_history_bytes = 209 * 16;

/// Folded at a time: little enough to stay in the first-level cache.
pub const crc32c_piece_bytes = 16 * 1024;

comptime {
    std.debug.assert(slab_bytes_min >= 2 * chunk_bytes);
    std.debug.assert(slab_bytes_min % slab_bytes_per_frame == 0);
    // Slab offsets are u32, twice the longest raw frame (escapes double it) included.
    std.debug.assert(4 * @as(u64, max_frame_length_limit) + chunk_bytes <= std.math.maxInt(u32));
    std.debug.assert(std.math.pow(u64, 10, length_digits_max) > max_frame_length_limit);
}
