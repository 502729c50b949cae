//! CRC32C by folding: most of a long message is gone before a table sees any of it.
//!
//! y^209 + y^144 + y^54 + y^39 + y^14 + 1 is a multiple of the CRC's polynomial for
//! y = x, hence for y = x^128 too: squaring a polynomial over GF(2) squares its
//! powers. So a vector of 128 bits may be put where 65, 155, 170, 195 and 209
//! vectors behind it are, without changing the remainder:
//!
//!   ┌─────────┬──────────────────────┐    fold: each vector takes in five before it;
//!   │ history │ vectors …            │    the last 209 are the next piece's history
//!   └─────────┴──────────────────────┘
//!   ┌─────────┬─────────┐                 finish: the message's last 209 take in
//!   │ history │ the last│                 what is left of all before them
//!   └─────────┴─────────┘
//!
//! No shorter multiple has so few terms. A gigabyte takes 0.1 s where sixteen tables took 0.45.

const std = @import("std");
const builtin = @import("builtin");
const limits = @import("limits.zig");

const vector_bytes = 16;
const Vector = @Vector(vector_bytes, u8);

/// How far before a vector lie those that it takes in.
const distances = [_]usize{ 65, 155, 170, 195, 209 };
/// Vectors of history.
const depth = limits.crc32c_history_bytes / vector_bytes;
/// Vectors folded at a time.
const piece = limits.crc32c_piece_bytes / vector_bytes;

/// What TypeScript copies into, history first.
var window: [(depth + piece) * vector_bytes]u8 align(vector_bytes) = undefined;

comptime {
    std.debug.assert(depth == distances[distances.len - 1]);
    if (builtin.cpu.arch.isWasm()) {
        @export(&window, .{ .name = "window" });
        @export(&begin, .{ .name = "begin" });
        @export(&fold, .{ .name = "fold" });
        @export(&finish, .{ .name = "finish" });
    }
}

/// Nothing lies before the first piece.
fn begin() callconv(.c) void {
    @memset(vectors(0, depth), 0);
}

/// Folds the `count` vectors behind the history.
fn fold(count: u32) callconv(.c) void {
    for (depth..depth + count) |at| {
        var sum = vector(at).*;
        inline for (distances) |distance| sum ^= vector(at - distance).*;
        vector(at).* = sum;
    }
    @memmove(vectors(0, depth), vectors(count, depth));
}

/// Turns the last `depth` vectors of a message, behind the history, into the message's remainder.
fn finish() callconv(.c) void {
    inline for (distances) |distance| {
        for (depth..depth + distance) |at| vector(at).* ^= vector(at - distance).*;
    }
}

inline fn vector(at: usize) *Vector {
    return @ptrCast(@alignCast(vectors(at, 1)));
}

inline fn vectors(at: usize, count: usize) []u8 {
    return window[at * vector_bytes ..][0 .. count * vector_bytes];
}

test "folding leaves the remainder as it is" {
    var random: std.Random.DefaultPrng = .init(1);
    var message: [3 * piece * vector_bytes]u8 = undefined;
    random.random().bytes(&message);
    for ([_]usize{ depth + 1, depth + 7, piece, piece + depth + 1, 3 * piece }) |length| {
        const tail = length - depth;
        begin();
        var at: usize = 0;
        while (at < tail) {
            const count: usize = @min(piece, tail - at);
            @memcpy(vectors(depth, count), message[at * vector_bytes ..][0 .. count * vector_bytes]);
            fold(@intCast(count));
            at += count;
        }
        @memcpy(vectors(depth, depth), message[at * vector_bytes ..][0 .. depth * vector_bytes]);
        finish();
        const expected = remainder(message[0 .. length * vector_bytes]);
        try std.testing.expectEqual(expected, remainder(vectors(depth, depth)));
    }
}

/// Bit by bit, from the definition.
fn remainder(bytes: []const u8) u32 {
    var crc: u32 = 0;
    for (bytes) |byte| {
        crc ^= byte;
        for (0..8) |_| crc = if (crc & 1 == 1) (crc >> 1) ^ 0x82f63b78 else crc >> 1;
    }
    return crc;
}
