//! Searching bytes, 16 at a time.

const std = @import("std");

const Lane = @Vector(16, u8);

/// A bit for each place of `byte` in a block.
pub inline fn byteMask(block: *const [64]u8, byte: u8) u64 {
    const needle: Lane = @splat(byte);
    var mask: u64 = 0;
    inline for (0..4) |quarter| {
        const lane: Lane = block[quarter * 16 ..][0..16].*;
        const bits: u16 = @bitCast(lane == needle);
        mask |= @as(u64, bits) << (quarter * 16);
    }
    return mask;
}

/// Index of the first `byte` in `bytes` at or behind `from`.
pub inline fn findByte(bytes: []const u8, from: u32, byte: u8) ?u32 {
    const needle: Lane = @splat(byte);
    var at: u32 = from;
    while (at + 16 <= bytes.len) : (at += 16) {
        const lane: Lane = bytes[at..][0..16].*;
        const mask: u16 = @bitCast(lane == needle);
        if (mask != 0) return at + @ctz(mask);
    }
    while (at < bytes.len) : (at += 1) {
        if (bytes[at] == byte) return at;
    }
    return null;
}

/// Index of the first `a` or `b` in `bytes` at or behind `from`.
pub inline fn findEither(bytes: []const u8, from: u32, a: u8, b: u8) ?u32 {
    const needle_a: Lane = @splat(a);
    const needle_b: Lane = @splat(b);
    var at: u32 = from;
    while (at + 16 <= bytes.len) : (at += 16) {
        const lane: Lane = bytes[at..][0..16].*;
        const mask = @as(u16, @bitCast(lane == needle_a)) | @as(u16, @bitCast(lane == needle_b));
        if (mask != 0) return at + @ctz(mask);
    }
    while (at < bytes.len) : (at += 1) {
        if (bytes[at] == a or bytes[at] == b) return at;
    }
    return null;
}

/// Index of the first `pattern` in `bytes` at or behind `from`.
pub inline fn findPattern(bytes: []const u8, from: u32, pattern: []const u8) ?u32 {
    std.debug.assert(pattern.len > 0);
    var at = from;
    while (findByte(bytes, at, pattern[0])) |candidate| : (at = candidate + 1) {
        if (candidate + pattern.len > bytes.len) return null;
        if (std.mem.eql(u8, bytes[candidate..][0..pattern.len], pattern)) return candidate;
    }
    return null;
}

test findByte {
    var buffer: [67]u8 = @splat('.');
    for (0..buffer.len) |at| {
        buffer[at] = 'x';
        for (0..buffer.len) |from| {
            const expected: ?u32 = if (from <= at) @intCast(at) else null;
            try std.testing.expectEqual(expected, findByte(&buffer, @intCast(from), 'x'));
        }
        buffer[at] = '.';
    }
}

test findPattern {
    try std.testing.expectEqual(3, findPattern("\r\r.\r\n\r\n", 0, "\r\n"));
    try std.testing.expectEqual(5, findPattern("\r\r.\r\n\r\n", 4, "\r\n"));
    try std.testing.expectEqual(null, findPattern("abc\r", 0, "\r\n"));
    try std.testing.expectEqual(1, findPattern("aaab", 0, "aab"));
}
