//! Octet counting (RFC 6587) and netstrings.

const abi = @import("../abi.zig");
const feed = @import("feed.zig");
const times = feed.times;

const octets: abi.Framer = .{ .kind = .octet_counting, .max_frame_length = 20 };
const netstring: abi.Framer = .{ .kind = .netstring, .max_frame_length = 20 };

test "octet counting" {
    try feed.checkAll(&.{
        .{ .framer = octets, .stream = "5 HELLO3 ABC11 <34>1 - - -2 x", .frames = &.{ "HELLO", "ABC", "<34>1 - - -" }, .rest = 3 },
        .{ .framer = octets, .stream = "20 " ++ times("x", 20), .frames = &.{times("x", 20)} },
        .{ .framer = octets, .stream = "1 a0 ", .frames = &.{"a"}, .violation = .bad_digit, .at = 3, .actual = '0' },
        .{ .framer = octets, .stream = " 1 a", .violation = .bad_digit, .at = 0, .actual = ' ' },
        .{ .framer = octets, .stream = "12x", .violation = .bad_digit, .at = 2, .actual = 'x' },
        .{ .framer = octets, .stream = "1 a21 ", .frames = &.{"a"}, .violation = .frame_too_long, .at = 3, .expected = 20, .actual = 21 },
        .{ .framer = octets, .stream = "4294967297 a", .violation = .frame_too_long, .expected = 20, .actual = 4294967297 },
        .{ .framer = octets, .stream = "12345678901 a", .violation = .frame_too_long, .at = 10, .expected = 20, .actual = 12345678901 },
    });
}

test "octet counting goes on where a length can begin" {
    try feed.checkAll(&.{
        .{
            .framer = feed.skipping(octets),
            .stream = "21 " ++ times("x", 21) ++ "1 a",
            .frames = &.{"a"},
            .skipped_frames = 1,
            .skipped_bytes = 24,
        },
        // "1x" is rejected, then searched on behind its "1"; the 2 in "02" is inside a number.
        .{
            .framer = feed.skipping(octets),
            .stream = "1xy02 3 abc",
            .frames = &.{"abc"},
            .skipped_frames = 1,
            .skipped_bytes = 6,
        },
        // The search may begin inside a number.
        .{
            .framer = feed.skipping(octets),
            .stream = "x1 a" ++ "1z2 bc",
            .frames = &.{ "a", "bc" },
            .skipped_frames = 2,
            .skipped_bytes = 1 + 2,
        },
    });
}

test "netstrings" {
    try feed.checkAll(&.{
        .{ .framer = netstring, .stream = "5:HELLO,0:,12:hello world!,3:a", .frames = &.{ "HELLO", "", "hello world!" }, .rest = 3 },
        .{ .framer = netstring, .stream = "01:a,", .violation = .bad_digit, .at = 1, .actual = '1' },
        .{ .framer = netstring, .stream = ":a,", .violation = .bad_digit, .at = 0, .actual = ':' },
        .{ .framer = netstring, .stream = "1 a,", .violation = .bad_digit, .at = 1, .actual = ' ' },
        .{ .framer = netstring, .stream = "1:a;", .violation = .bad_byte, .at = 3, .expected = ',', .actual = ';' },
        .{ .framer = netstring, .stream = "21:", .violation = .frame_too_long, .expected = 20, .actual = 21 },
        .{ .framer = netstring, .stream = "99999999999:", .violation = .frame_too_long, .at = 10, .expected = 20, .actual = 99999999999 },
    });
}

test "netstrings go on behind a comma" {
    try feed.checkAll(&.{
        .{
            .framer = feed.skipping(netstring),
            .stream = "21:" ++ times("x", 21) ++ "," ++ "1:a,",
            .frames = &.{"a"},
            .skipped_frames = 1,
            .skipped_bytes = 25,
        },
        .{
            .framer = feed.skipping(netstring),
            .stream = "1:ab,2:cd,x,0:,",
            .frames = &.{ "cd", "" },
            .skipped_frames = 2,
            .skipped_bytes = 5 + 2,
        },
    });
}
