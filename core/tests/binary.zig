//! Varints, SLIP, COBS and Beast.

const std = @import("std");
const abi = @import("../abi.zig");
const feed = @import("feed.zig");
const times = feed.times;

const varint: abi.Framer = .{ .kind = .varint_length, .max_frame_length = 300 };
const slip: abi.Framer = .{ .kind = .slip, .max_frame_length = 4 };
const cobs: abi.Framer = .{ .kind = .cobs, .max_frame_length = 4 };
const beast: abi.Framer = .{ .kind = .beast, .max_frame_length = 22 };

test "varint lengths" {
    const long = times("x", 300);
    const ten = times("\x80", 9);
    try feed.checkAll(&.{
        .{ .framer = varint, .stream = "\x05HELLO" ++ "\x00" ++ "\xac\x02" ++ long ++ "\x02a", .frames = &.{ "HELLO", "", long }, .rest = 2 },
        // Longer than need be, and zero in ten bytes.
        .{ .framer = varint, .stream = "\x81\x00A" ++ ten ++ "\x00", .frames = &.{ "A", "" } },
        .{ .framer = varint, .stream = "\x01A" ++ ten ++ "\x02", .frames = &.{"A"}, .violation = .varint_too_long, .at = 11, .expected = 10, .actual = 2 },
        .{ .framer = varint, .stream = ten ++ "\x80\x00", .violation = .varint_too_long, .at = 9, .expected = 10, .actual = 0x80 },
        .{ .framer = varint, .stream = "\xad\x02", .violation = .frame_too_long, .expected = 300, .actual = 301 },
        .{ .framer = varint, .stream = "\x80\x80\x80\x80\x10", .violation = .frame_too_long, .expected = 300, .actual = 1 << 32 },
        .{ .framer = varint, .stream = times("\xff", 9) ++ "\x01", .violation = .length_overflow, .expected = 300, .actual = std.math.maxInt(u64) },
        .{
            .framer = feed.skipping(varint),
            .stream = ten ++ "\x02" ++ "\x01A" ++ "\xad\x02" ++ times("x", 301) ++ times("\xff", 9) ++ "\x01" ++ "\x01B",
            .frames = &.{ "A", "B" },
            .skipped_frames = 3,
            .skipped_bytes = 10 + 303 + 10,
        },
    });
}

test "SLIP" {
    try feed.checkAll(&.{
        .{
            .framer = slip,
            .stream = "\xc0\xc0a\xdb\xdcb\xc0\xc0" ++ "\xdb\xdd\xdb\xdc\xdb\xdd\xdb\xdc\xc0" ++ "abcd\xc0" ++ "x\xdb",
            .frames = &.{ "a\xc0b", "\xdb\xc0\xdb\xc0", "abcd" },
            .padding = 3,
            .rest = 2,
        },
        .{ .framer = slip, .stream = "a\xc0" ++ "b\xdbc", .frames = &.{"a"}, .violation = .bad_escape, .at = 4, .actual = 'c' },
        .{ .framer = slip, .stream = "b\xdb\xc0", .violation = .bad_escape, .at = 2, .actual = 0xc0 },
        .{ .framer = slip, .stream = "abcde\xc0", .violation = .frame_too_long, .at = 4, .expected = 4, .actual = 5 },
        .{ .framer = slip, .stream = "a\xdb\xdcbc\xdb\xdc\xc0", .violation = .frame_too_long, .at = 6, .expected = 4, .actual = 5 },
        .{ .framer = slip, .stream = "\xdb\xdcbcde\xc0", .violation = .frame_too_long, .at = 5, .expected = 4, .actual = 5 },
        .{
            .framer = feed.skipping(slip),
            .stream = "abcdef\xc0" ++ "ok\xc0" ++ "\xdb\xc0" ++ "\xdbxyz\xc0" ++ "ok\xc0" ++ "b\xdbc",
            .frames = &.{ "ok", "ok" },
            .skipped_frames = 4,
            .skipped_bytes = 7 + 2 + 5 + 3,
        },
    });
}

test "COBS" {
    try feed.checkAll(&.{
        .{
            .framer = cobs,
            .stream = "\x00" ++ "\x01\x00" ++ "\x01\x01\x00" ++ "\x03\x11\x22\x02\x33\x00" ++ "\x05\x11\x22\x33\x44\x00" ++ "\x02\x11\x01\x01\x01\x00\x00" ++ "\x02",
            .frames = &.{ "", "\x00", "\x11\x22\x00\x33", "\x11\x22\x33\x44", "\x11\x00\x00\x00" },
            .padding = 2,
            .rest = 1,
        },
        .{ .framer = cobs, .stream = "\x02a\x00" ++ "\x02b\x03c\x00", .frames = &.{"a"}, .violation = .bad_byte, .at = 5, .expected = 3, .actual = 2 },
        // Six encoded bytes may be four of data, seven never.
        .{ .framer = cobs, .stream = "\x06abcde\x00", .violation = .frame_too_long, .at = 0, .expected = 4, .actual = 5 },
        .{ .framer = cobs, .stream = "\x07abcdef\x00", .violation = .frame_too_long, .at = 6, .expected = 4, .actual = 5 },
        .{
            .framer = feed.skipping(cobs),
            .stream = "\x06abcde\x00" ++ "\x02a\x00" ++ "\x01\x01\x09\x01\x00" ++ "\x02b\x00" ++ "\x09abcdefgh",
            .frames = &.{ "a", "b" },
            .skipped_frames = 3,
            .skipped_bytes = 7 + 5 + 9,
        },
    });
}

test "COBS blocks of 254 bytes stand for no zero" {
    const full = times("x", 254);
    var framer = cobs;
    framer.max_frame_length = 2 * 254 + 4;
    try feed.checkAll(&.{
        .{
            .framer = framer,
            .stream = "\xff" ++ full ++ "\x00" ++ "\xff" ++ full ++ "\x01\x00" ++ "\xff" ++ full ++ "\xff" ++ full ++ "\x02a\x00" ++ "\xff" ++ full ++ "\x01\x02b\x00" ++ "\x02c\x01\xff" ++ full ++ "\x02d\x00",
            .frames = &.{ full, full, full ++ full ++ "a", full ++ "\x00b", "c\x00\x00" ++ full ++ "d" },
        },
    });
}

test "Beast" {
    const short = "1" ++ "TIMEST" ++ "S" ++ "AC";
    const long = "3" ++ "TIMEST" ++ "S" ++ "fourteen bytes";
    const escaped = "\x1a2" ++ "\x1a\x1aIMEST" ++ "S" ++ "seven \x1a\x1a";
    try feed.checkAll(&.{
        .{
            .framer = beast,
            .stream = "\x1a" ++ short ++ "\x1a" ++ long ++ escaped ++ "\x1a" ++ short ++ "\x1a4TI",
            .frames = &.{ short, long, "2\x1aIMESTSseven \x1a", short },
            .rest = 4,
        },
        .{ .framer = beast, .stream = "\x1a2" ++ times("\x1a\x1a", 14) ++ "\x1a", .frames = &.{"2" ++ times("\x1a", 14)}, .rest = 1 },
        .{ .framer = beast, .stream = "\x1a" ++ short ++ "x", .frames = &.{short}, .violation = .bad_byte, .at = 11, .expected = 0x1a, .actual = 'x' },
        .{ .framer = beast, .stream = "\x1a5", .violation = .bad_type, .at = 1, .actual = '5' },
        .{ .framer = beast, .stream = "\x1a\x1a", .violation = .bad_type, .at = 1, .actual = 0x1a },
        .{ .framer = beast, .stream = "\x1a1TI\x1a1", .violation = .bad_escape, .at = 5, .actual = '1' },
        .{
            .framer = feed.skipping(beast),
            .stream = "xx\x1a\x1a1x" ++ "\x1a" ++ short ++ "\x1a1TI" ++ "\x1a" ++ long ++ "\x1a9" ++ "\x1a",
            .frames = &.{ short, long },
            .skipped_frames = 3,
            .skipped_bytes = 6 + 4 + 2,
            .rest = 1,
        },
    });
}
