//! Counts frames that equal a respond rule, so that the reader can answer them.

const std = @import("std");
const driver = @import("driver.zig");

/// How many frames from `first` on equal `pattern`: as delivered or, where the
/// framing keeps them, by their raw bytes. "PING\r\n" is found in lines whether
/// or not their end is kept.
pub fn countHits(pattern: []const u8, cursor: *const driver.Cursor, first: u32, stores_raw: bool) u32 {
    const c = cursor.*;
    var hits: u32 = 0;
    for (first..c.count) |i| {
        const hit = equals(pattern, c.bytes + c.offsets[i], c.lengths[i]) or
            (stores_raw and equals(pattern, c.bytes + c.raw_offsets[i], c.raw_lengths[i]));
        hits += @intFromBool(hit);
    }
    return hits;
}

inline fn equals(pattern: []const u8, bytes: [*]const u8, length: u32) bool {
    return length == pattern.len and std.mem.eql(u8, bytes[0..length], pattern);
}
