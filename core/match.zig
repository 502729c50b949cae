//! Counts frames that equal a respond rule, so that the reader can answer them.

const std = @import("std");
const abi = @import("abi.zig");
const delimiter = @import("framing/delimiter.zig");
const driver = @import("driver.zig");

/// How many frames from `first` on equal `pattern`: as delivered or, where they
/// are known, by their raw bytes. "PING\r\n" is found in lines whether or not
/// their end is kept.
pub fn countHits(pattern: []const u8, cursor: *const driver.Cursor, first: u32, framer: *const abi.Framer) u32 {
    const c = cursor.*;
    var hits: u32 = 0;
    for (first..c.count) |i| {
        const frame = c.bytes + c.offsets[i];
        const hit = equals(pattern, frame, c.lengths[i]) or switch (framer.kind) {
            .length_field, .fixed_length, .raw => false,
            .lines, .delimiter => equals(pattern, frame, c.lengths[i] + delimiter.behind(framer, frame + c.lengths[i])),
            else => equals(pattern, c.bytes + c.raw_offsets[i], c.raw_lengths[i]),
        };
        hits += @intFromBool(hit);
    }
    return hits;
}

inline fn equals(pattern: []const u8, bytes: [*]const u8, length: u32) bool {
    return length == pattern.len and std.mem.eql(u8, bytes[0..length], pattern);
}
