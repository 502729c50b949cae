//! Delimiters and lines.

const std = @import("std");
const abi = @import("../abi.zig");
const feed = @import("feed.zig");

const lines: abi.Framer = .{ .kind = .lines, .max_frame_length = 5 };

fn delimited(comptime delimiter: []const u8) abi.Framer {
    var framer: abi.Framer = .{ .kind = .delimiter, .max_frame_length = 5, .delimiter_length = delimiter.len };
    @memcpy(framer.delimiter[0..delimiter.len], delimiter);
    return framer;
}

fn keeping(framer: abi.Framer) abi.Framer {
    var copy = framer;
    copy.keep_delimiter = 1;
    return copy;
}

test "lines end with \\n or \\r\\n" {
    const stream = "HELLO\n\nABC\r\n\r\r\n\nre";
    try feed.checkAll(&.{
        .{ .framer = lines, .stream = stream, .frames = &.{ "HELLO", "", "ABC", "\r", "" }, .rest = 2 },
        .{ .framer = keeping(lines), .stream = stream, .frames = &.{ "HELLO\n", "\n", "ABC\r\n", "\r\r\n", "\n" }, .rest = 2 },
    });
}

test "a line is too long once its end can't come in time" {
    try feed.checkAll(&.{
        .{ .framer = lines, .stream = "ok\n" ++ "sixsix\n", .frames = &.{"ok"}, .violation = .frame_too_long, .at = 8, .expected = 5, .actual = 6 },
        .{ .framer = lines, .stream = "fives\r\n", .violation = .frame_too_long, .at = 5, .expected = 5, .actual = 6 },
        .{ .framer = lines, .stream = "fives", .rest = 5 },
        .{
            .framer = feed.skipping(lines),
            .stream = "ok\n" ++ "a line too long\n" ++ "ok\n" ++ "and again",
            .frames = &.{ "ok", "ok" },
            .skipped_frames = 2,
            .skipped_bytes = 16 + 9,
        },
    });
}

test "delimiters of one and several bytes" {
    try feed.checkAll(&.{
        .{ .framer = delimited("\x00"), .stream = "a\x00bc\x00\x00d", .frames = &.{ "a", "bc", "" }, .rest = 1 },
        .{ .framer = delimited("\r\n"), .stream = "a\r\n\r\r\n\r\nb\r", .frames = &.{ "a", "\r", "" }, .rest = 2 },
        .{ .framer = delimited("aab"), .stream = "aaabxaab", .frames = &.{ "a", "x" } },
        .{ .framer = keeping(delimited("aab")), .stream = "aaabxaab", .frames = &.{ "aaab", "xaab" } },
        .{ .framer = delimited("END"), .stream = "fivesEND" ++ "sixsixEND", .frames = &.{"fives"}, .violation = .frame_too_long, .at = 13, .expected = 5, .actual = 6 },
        .{
            .framer = feed.skipping(delimited("END")),
            .stream = "sixsixENEND" ++ "okEND" ++ "longlongEN",
            .frames = &.{"ok"},
            .skipped_frames = 2,
            .skipped_bytes = 11 + 8,
            .rest = 2,
        },
    });
}

test "raw gives what is there" {
    const framer: abi.Framer = .{ .kind = .raw };
    var whole: feed.Feed = try .init(std.testing.allocator, framer, 16, 2);
    defer whole.deinit();
    try whole.push("abc");
    try whole.push("d");
    try std.testing.expectEqualStrings("abc", whole.frame(0));
    try std.testing.expectEqualStrings("d", whole.frame(1));
}
