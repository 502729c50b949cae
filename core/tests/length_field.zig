//! The examples of Netty's LengthFieldBasedFrameDecoder, and its failures.

const std = @import("std");
const abi = @import("../abi.zig");
const feed = @import("feed.zig");
const times = feed.times;

/// Netty's examples write the length as two bytes, big endian.
fn netty(framer: abi.Framer) abi.Framer {
    var copy = framer;
    copy.kind = .length_field;
    copy.max_frame_length = 64;
    if (copy.length_field_length == 4) copy.length_field_length = 2;
    return copy;
}

test "Netty's seven documented examples" {
    const hello = "HELLO, WORLD";
    try feed.checkAll(&.{
        // 2 bytes length field at offset 0, do not strip header
        .{
            .framer = netty(.{}),
            .stream = "\x00\x0c" ++ hello ++ "\x00\x0c" ++ hello,
            .frames = &.{ "\x00\x0c" ++ hello, "\x00\x0c" ++ hello },
        },
        // 2 bytes length field at offset 0, strip header
        .{
            .framer = netty(.{ .initial_bytes_to_strip = 2 }),
            .stream = "\x00\x0c" ++ hello ++ "\x00\x0c" ++ hello,
            .frames = &.{ hello, hello },
        },
        // the length field represents the length of the whole message
        .{
            .framer = netty(.{ .length_adjustment = -2 }),
            .stream = "\x00\x0e" ++ hello ++ "\x00\x0e" ++ hello,
            .frames = &.{ "\x00\x0e" ++ hello, "\x00\x0e" ++ hello },
        },
        // 3 bytes length field at the end of 5 bytes header
        .{
            .framer = netty(.{ .length_field_offset = 2, .length_field_length = 3 }),
            .stream = "\xca\xfe\x00\x00\x0c" ++ hello ++ "\xca\xfe\x00\x00\x0c" ++ hello,
            .frames = &.{ "\xca\xfe\x00\x00\x0c" ++ hello, "\xca\xfe\x00\x00\x0c" ++ hello },
        },
        // 3 bytes length field at the beginning of 5 bytes header
        .{
            .framer = netty(.{ .length_field_length = 3, .length_adjustment = 2 }),
            .stream = "\x00\x00\x0c\xca\xfe" ++ hello ++ "\x00\x00\x0c\xca\xfe" ++ hello,
            .frames = &.{ "\x00\x00\x0c\xca\xfe" ++ hello, "\x00\x00\x0c\xca\xfe" ++ hello },
        },
        // 2 bytes length field at offset 1 in the middle of 4 bytes header, strip the first header field and the length field
        .{
            .framer = netty(.{ .length_field_offset = 1, .length_adjustment = 1, .initial_bytes_to_strip = 3 }),
            .stream = "\xca\x00\x0c\xfe" ++ hello ++ "\xca\x00\x0c\xfe" ++ hello,
            .frames = &.{ "\xfe" ++ hello, "\xfe" ++ hello },
        },
        // the same, the length field represents the length of the whole message
        .{
            .framer = netty(.{ .length_field_offset = 1, .length_adjustment = -3, .initial_bytes_to_strip = 3 }),
            .stream = "\xca\x00\x10\xfe" ++ hello ++ "\xca\x00\x10\xfe" ++ hello,
            .frames = &.{ "\xfe" ++ hello, "\xfe" ++ hello },
        },
    });
}

test "every width and byte order, frames of all lengths" {
    inline for (.{ 1, 2, 3, 4, 8 }) |width| {
        inline for (.{ abi.ByteOrder.big, abi.ByteOrder.little }) |order| {
            comptime var stream: []const u8 = "";
            comptime var frames: []const []const u8 = &.{};
            // Five of a length, so that the run takes some and leaves some.
            inline for (.{ 3, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0, 5, 1, 1, 2 }) |length| {
                comptime {
                    var field: [width]u8 = @splat(0);
                    field[if (order == .big) width - 1 else 0] = length;
                    const frame = "abcde"[0..length];
                    stream = stream ++ field ++ frame;
                    frames = frames ++ .{frame};
                }
            }
            try feed.check(.{
                .framer = .{
                    .kind = .length_field,
                    .length_field_length = width,
                    .byte_order = order,
                    .initial_bytes_to_strip = width,
                    .max_frame_length = width + 5,
                },
                .stream = stream,
                .frames = frames,
            });
        }
    }
}

test "lengths that can't be" {
    const limited: abi.Framer = .{ .kind = .length_field, .length_field_length = 2, .max_frame_length = 6 };
    var whole = limited;
    whole.length_adjustment = -2;
    var negative = limited;
    negative.length_adjustment = -10;
    var eight = limited;
    eight.length_field_length = 8;
    eight.max_frame_length = 16;
    var strip = limited;
    strip.length_field_length = 1;
    strip.initial_bytes_to_strip = 3;
    const ok = "\x00\x01A";
    try feed.checkAll(&.{
        .{ .framer = limited, .stream = ok ++ "\x00\x05hello", .frames = &.{ok}, .violation = .frame_too_long, .at = 3, .expected = 6, .actual = 7 },
        .{
            .framer = feed.skipping(limited),
            .stream = ok ++ "\x00\x05hello" ++ ok,
            .frames = &.{ ok, ok },
            .skipped_frames = 1,
            .skipped_bytes = 7,
        },
        .{ .framer = whole, .stream = "\x00\x01A", .violation = .length_below_header, .expected = 2, .actual = 1 },
        .{
            .framer = feed.skipping(whole),
            .stream = "\x00\x01" ++ "\x00\x03A",
            .frames = &.{"\x00\x03A"},
            .skipped_frames = 1,
            .skipped_bytes = 2,
        },
        .{ .framer = negative, .stream = "\x00\x01A", .violation = .length_negative, .expected = 2, .actual = @bitCast(@as(i64, -7)) },
        .{ .framer = eight, .stream = times("\xff", 8), .violation = .length_overflow, .expected = 16, .actual = std.math.maxInt(u64) },
        .{ .framer = eight, .stream = "\x3f" ++ times("\xff", 7), .violation = .frame_too_long, .expected = 16, .actual = std.math.maxInt(i64) / 2 + 8 },
        .{ .framer = eight, .stream = "\x40" ++ times("\x00", 7), .violation = .length_overflow, .expected = 16, .actual = 1 << 62 },
        .{ .framer = eight, .stream = "\x00\x00\x00\x01\x00\x00\x00\x00", .violation = .frame_too_long, .expected = 16, .actual = (1 << 32) + 8 },
        .{
            .framer = feed.skipping(eight),
            .stream = times("\xff", 8) ++ times("\x00", 7) ++ "\x01A",
            .frames = &.{times("\x00", 7) ++ "\x01A"},
            .skipped_frames = 1,
            .skipped_bytes = 8,
        },
        .{ .framer = strip, .stream = "\x01A", .violation = .strip_exceeds_frame, .expected = 3, .actual = 2 },
        .{
            .framer = feed.skipping(strip),
            .stream = "\x01A" ++ "\x03ABC",
            .frames = &.{"C"},
            .skipped_frames = 1,
            .skipped_bytes = 2,
        },
    });
}

test "a magic is checked at its first wrong byte and searched behind garbage" {
    const magic: abi.Framer = .{
        .kind = .length_field,
        .length_field_offset = 2,
        .length_field_length = 1,
        .max_frame_length = 8,
        .magic_length = 2,
        .magic = "MG\x00\x00\x00\x00\x00\x00".*,
    };
    // The length is a part of this one, and too long; what is wrong is told in any chunks.
    var long_magic = magic;
    long_magic.magic_length = 4;
    @memcpy(long_magic.magic[0..4], "MG\x0fX");
    try feed.checkAll(&.{
        .{ .framer = long_magic, .stream = "MG\x0fY", .violation = .bad_magic, .at = 3, .expected = 'X', .actual = 'Y' },
        .{ .framer = long_magic, .stream = "MG\x0fX", .violation = .frame_too_long, .at = 2, .expected = 8, .actual = 18 },
        .{ .framer = magic, .stream = "MG\x01A" ++ "MX", .frames = &.{"MG\x01A"}, .violation = .bad_magic, .at = 5, .expected = 'G', .actual = 'X' },
        .{
            .framer = feed.skipping(magic),
            .stream = "xxMMG\x01A" ++ "M" ++ "MG\x00" ++ "MG\xff" ++ "MG\x01B",
            .frames = &.{ "MG\x01A", "MG\x00", "MG\x01B" },
            .skipped_frames = 3,
            .skipped_bytes = 3 + 1 + 3,
        },
    });
}

test "a checksum is compared when the frame is complete" {
    const sum: abi.Framer = .{
        .kind = .length_field,
        .length_field_length = 1,
        .max_frame_length = 8,
        .checksum = .xor8,
    };
    try feed.checkAll(&.{
        .{
            .framer = sum,
            .stream = "\x02A\x43" ++ "\x02A\x44",
            .frames = &.{"\x02A\x43"},
            .violation = .bad_checksum,
            .at = 5,
            .expected = 0x43,
            .actual = 0x44,
        },
        // Without a magic framing tries again at the next byte: "A" is too long a length,
        // its 66 bytes are discarded.
        .{
            .framer = feed.skipping(sum),
            .stream = "\x02A\x44" ++ times("B", 64) ++ "\x02A\x43",
            .frames = &.{"\x02A\x43"},
            .skipped_frames = 2,
            .skipped_bytes = 1 + 66,
        },
    });
}

test "fixed length, with magic and checksum" {
    const plain: abi.Framer = .{ .kind = .fixed_length, .frame_length = 3 };
    var magic = plain;
    magic.magic_length = 1;
    magic.magic[0] = 'G';
    var sum = plain;
    sum.checksum = .sum8;
    try feed.checkAll(&.{
        .{ .framer = plain, .stream = "abcdefgh", .frames = &.{ "abc", "def" }, .rest = 2 },
        .{ .framer = magic, .stream = "GabGcdX", .frames = &.{ "Gab", "Gcd" }, .violation = .bad_magic, .at = 6, .expected = 'G', .actual = 'X' },
        .{
            .framer = feed.skipping(magic),
            .stream = "GabxxxGcdG",
            .frames = &.{ "Gab", "Gcd" },
            .skipped_frames = 1,
            .skipped_bytes = 3,
            .rest = 1,
        },
        .{
            .framer = feed.skipping(sum),
            .stream = "\x01\x02\x04" ++ "\x01\x02\x03",
            .frames = &.{"\x01\x02\x03"},
            .skipped_frames = 1,
            .skipped_bytes = 3,
        },
    });
}
