//! RESP2 and RESP3.

const std = @import("std");
const abi = @import("../abi.zig");
const feed = @import("feed.zig");
const times = feed.times;

const resp: abi.Framer = .{ .kind = .resp, .max_frame_length = 64 };
const deep: abi.Framer = .{ .kind = .resp, .max_frame_length = 1024 };

/// Each of `values` is one whole frame, alone and behind the others.
fn expectWhole(framer: abi.Framer, comptime values: []const []const u8) !void {
    comptime var stream: []const u8 = "";
    inline for (values) |value| {
        stream = stream ++ value;
        try feed.check(.{ .framer = framer, .stream = value, .frames = &.{value} });
    }
    try feed.check(.{ .framer = framer, .stream = stream ++ "*1\r\n$", .frames = values, .rest = 5 });
}

test "RESP2 values" {
    try expectWhole(resp, &.{
        "+OK\r\n",
        "+\r\n",
        "-ERR no such\r\r\n",
        ":-12\r\n",
        "$5\r\nHELLO\r\n",
        "$0\r\n\r\n",
        "$-1\r\n",
        "*-1\r\n",
        "*0\r\n",
        "*2\r\n$3\r\nfoo\r\n:1\r\n",
        "*3\r\n*1\r\n+a\r\n*0\r\n*2\r\n$-1\r\n$2\r\n\r\n\r\n",
        "$0000000002\r\nab\r\n",
    });
}

test "RESP3 values" {
    try expectWhole(resp, &.{
        "_\r\n",
        "#t\r\n",
        ",1.5e3\r\n",
        "(3492890328409238509324850943850943825024385\r\n",
        "!5\r\nERR x\r\n",
        "=7\r\ntxt:abc\r\n",
        "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n",
        "%0\r\n",
        "~2\r\n:1\r\n:2\r\n",
        ">2\r\n+message\r\n$1\r\nx\r\n",
        "$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n",
        "*?\r\n:1\r\n*1\r\n:2\r\n.\r\n",
        "~?\r\n.\r\n",
        "%?\r\n+a\r\n$?\r\n;0\r\n.\r\n",
        "*2\r\n*?\r\n.\r\n:1\r\n",
    });
}

test "an attribute belongs to the value behind it" {
    try expectWhole(deep, &.{
        "|1\r\n+ttl\r\n:3600\r\n*1\r\n:1\r\n",
        "|0\r\n+OK\r\n",
        "|0\r\n|1\r\n+a\r\n+b\r\n$1\r\nx\r\n",
        "*3\r\n:1\r\n|1\r\n+ttl\r\n:3600\r\n:2\r\n:3\r\n",
        "*1\r\n|1\r\n|1\r\n+x\r\n+y\r\n+k\r\n|0\r\n+v\r\n*0\r\n",
        "*?\r\n|1\r\n+a\r\n*1\r\n:1\r\n:2\r\n.\r\n",
        "|1\r\n+a\r\n+b\r\n$?\r\n;0\r\n",
    });
}

test "as deep as allowed, and one deeper" {
    try expectWhole(deep, &.{
        times("*1\r\n", 32) ++ ":1\r\n",
        times("*1\r\n", 32) ++ "$?\r\n;0\r\n",
        times("*1\r\n", 32) ++ "*0\r\n",
        "|1\r\n*1\r\n:1\r\n:2\r\n" ++ times("*1\r\n", 32) ++ ":1\r\n",
        times("*2\r\n", 32) ++ times(":1\r\n", 33),
    });
    try feed.check(.{
        .framer = deep,
        .stream = "+OK\r\n" ++ times("*1\r\n", 33),
        .frames = &.{"+OK\r\n"},
        .violation = .too_deep,
        .at = 5 + 4 * 32,
        .expected = 32,
        .actual = 33,
    });
}

test "what is no value" {
    try feed.checkAll(&.{
        .{ .framer = resp, .stream = "PING\r\n", .violation = .bad_type, .at = 0, .actual = 'P' },
        .{ .framer = resp, .stream = "+OK\n", .violation = .bad_byte, .at = 2, .expected = '\r', .actual = 'K' },
        .{ .framer = resp, .stream = "+\n", .violation = .bad_byte, .at = 0, .expected = '\r', .actual = '+' },
        .{ .framer = resp, .stream = "*1x", .violation = .bad_digit, .at = 2, .actual = 'x' },
        .{ .framer = resp, .stream = "*\r\n", .violation = .bad_digit, .at = 1, .actual = '\r' },
        .{ .framer = resp, .stream = "*1\n", .violation = .bad_digit, .at = 2, .actual = '\n' },
        .{ .framer = resp, .stream = "*1\r:", .violation = .bad_byte, .at = 3, .expected = '\n', .actual = ':' },
        .{ .framer = resp, .stream = ">?", .violation = .bad_digit, .at = 1, .actual = '?' },
        .{ .framer = resp, .stream = "*?1", .violation = .bad_byte, .at = 2, .expected = '\r', .actual = '1' },
        .{ .framer = resp, .stream = "$1\r\nab\r\n", .violation = .bad_byte, .at = 5, .expected = '\r', .actual = 'b' },
        .{ .framer = resp, .stream = "$1\r\na\rb", .violation = .bad_byte, .at = 6, .expected = '\n', .actual = 'b' },
        .{ .framer = resp, .stream = "$-2\r\n", .violation = .length_negative, .at = 1, .actual = @bitCast(@as(i64, -2)) },
        .{ .framer = resp, .stream = "%-1\r\n", .violation = .length_negative, .at = 1, .actual = @bitCast(@as(i64, -1)) },
        .{ .framer = resp, .stream = ":1\r\n$-00000000001\r\n", .frames = &.{":1\r\n"}, .violation = .length_negative, .at = 5, .actual = @bitCast(@as(i64, -1)) },
        .{ .framer = resp, .stream = "$-\r\n", .violation = .bad_digit, .at = 2, .actual = '\r' },
        .{ .framer = resp, .stream = "$?\r\n+a", .violation = .bad_type, .at = 4, .actual = '+' },
        .{ .framer = resp, .stream = ";1\r\n", .violation = .bad_type, .at = 0, .actual = ';' },
        .{ .framer = resp, .stream = ".\r\n", .violation = .bad_type, .at = 0, .actual = '.' },
        .{ .framer = resp, .stream = "*2\r\n.\r\n", .violation = .bad_type, .at = 4, .actual = '.' },
        .{ .framer = resp, .stream = "*?\r\n|0\r\n.\r\n", .violation = .bad_type, .at = 8, .actual = '.' },
        .{ .framer = resp, .stream = "*?\r\n.x", .violation = .bad_byte, .at = 5, .expected = '\r', .actual = 'x' },
    });
}

test "lengths and counts out of bounds" {
    try feed.checkAll(&.{
        .{ .framer = resp, .stream = "$58\r\n", .violation = .frame_too_long, .at = 1, .expected = 64, .actual = 65 },
        .{ .framer = resp, .stream = "$57\r\n" ++ times("x", 57) ++ "\r\n", .frames = &.{"$57\r\n" ++ times("x", 57) ++ "\r\n"} },
        .{ .framer = resp, .stream = "*2\r\n$57\r\n", .violation = .frame_too_long, .at = 5, .expected = 64, .actual = 68 },
        .{ .framer = resp, .stream = "$?\r\n;70\r\n", .violation = .frame_too_long, .at = 5, .expected = 64, .actual = 81 },
        .{ .framer = resp, .stream = "$99999999999", .violation = .frame_too_long, .at = 11, .expected = 64, .actual = 99999999999 },
        .{ .framer = resp, .stream = "+" ++ times("x", 70), .violation = .frame_too_long, .at = 64, .expected = 64, .actual = 65 },
        // The value's last byte would be the first too many; so is a wrong one there.
        .{ .framer = resp, .stream = "+" ++ times("x", 62) ++ "\r\n", .violation = .frame_too_long, .at = 64, .expected = 64, .actual = 65 },
        .{ .framer = resp, .stream = "*20\r\n" ++ times(":1\r\n", 14) ++ ":1\r*", .violation = .frame_too_long, .at = 64, .expected = 64, .actual = 65 },
        .{ .framer = resp, .stream = "*2147483648\r\n", .violation = .length_overflow, .at = 1, .expected = std.math.maxInt(i32), .actual = 1 << 31 },
        .{ .framer = resp, .stream = "*2147483647\r\n", .rest = 13 },
        .{ .framer = resp, .stream = "%1073741824\r\n", .violation = .length_overflow, .at = 1, .expected = std.math.maxInt(i32), .actual = 1 << 31 },
        .{ .framer = resp, .stream = "|1073741823\r\n", .rest = 13 },
        .{ .framer = resp, .stream = "*99999999999", .violation = .length_overflow, .at = 11, .expected = std.math.maxInt(i32), .actual = 99999999999 },
    });
}

test "goes on behind the next line end" {
    try feed.checkAll(&.{
        .{
            .framer = feed.skipping(resp),
            .stream = "+OK\r\n" ++ "PING\r\n" ++ ":1\r\n" ++ "*2\r\n:1\r\n?\r\n" ++ ":2\r\n",
            // The rejected array's first line is discarded, the value in it is then a value.
            .frames = &.{ "+OK\r\n", ":1\r\n", ":1\r\n", ":2\r\n" },
            .skipped_frames = 3,
            .skipped_bytes = 6 + 4 + 3,
        },
        .{
            .framer = feed.skipping(resp),
            .stream = "$?\r\n+a\r\n" ++ "$900\r\n" ++ ":2\r\n",
            .frames = &.{ "+a\r\n", ":2\r\n" },
            .skipped_frames = 2,
            .skipped_bytes = 4 + 6,
        },
    });
}
