//! Magic bytes and checksums: whether a frame is one, and where the next may start.

const std = @import("std");
const abi = @import("abi.zig");
const driver = @import("driver.zig");
const scan = @import("scan.zig");

const Framer = abi.Framer;

/// What the magic says of the bytes here so far; a mismatch is told at the first wrong byte.
pub inline fn checkMagic(framer: *const Framer, bytes: []const u8) ?driver.Invalid {
    const known = @min(framer.magic_length, bytes.len);
    for (bytes[0..known], framer.magic[0..known], 0..) |actual, expected, at| {
        if (actual != expected) return .{
            .violation = .bad_magic,
            .at = @intCast(at),
            .expected = expected,
            .actual = actual,
        };
    }
    return null;
}

pub inline fn checksumBytes(framer: *const Framer) u32 {
    return switch (framer.checksum) {
        .none => 0,
        .xor8, .sum8 => 1,
        .crc16 => 2,
        .crc32, .crc32c => 4,
    };
}

/// Compares a whole frame's last bytes with the checksum over those before them.
pub fn checkSum(framer: *const Framer, frame: []const u8) ?driver.Invalid {
    const width = checksumBytes(framer);
    if (width == 0) return null;
    if (frame.len < width) return .{
        .violation = .bad_checksum,
        .expected = width,
        .actual = frame.len,
    };
    const split = frame.len - width;
    const expected = compute(framer, frame[0..split]);
    const actual = readUnsigned(frame[split..], framer.checksum_order);
    if (actual == expected) return null;
    return .{ .violation = .bad_checksum, .at = @intCast(split), .expected = expected, .actual = actual };
}

/// Up to eight bytes as one number.
pub fn readUnsigned(bytes: []const u8, order: abi.ByteOrder) u64 {
    var value: u64 = 0;
    for (0..bytes.len) |i| {
        value = (value << 8) | bytes[if (order == .big) i else bytes.len - 1 - i];
    }
    return value;
}

/// Fills the lookup table of the framer's checksum.
pub fn init(framer: *Framer) void {
    for (&framer.checksum_table, 0..) |*entry, i| {
        var value: u32 = @intCast(i);
        switch (framer.checksum) {
            .none, .xor8, .sum8 => {},
            .crc16 => {
                value <<= 8;
                for (0..8) |_| value = if (value & 0x8000 != 0) (value << 1) ^ 0x1021 else value << 1;
                value &= 0xffff;
            },
            .crc32, .crc32c => {
                const polynomial: u32 = if (framer.checksum == .crc32) 0xedb88320 else 0x82f63b78;
                for (0..8) |_| value = if (value & 1 != 0) (value >> 1) ^ polynomial else value >> 1;
            },
        }
        entry.* = value;
    }
}

/// The checksum over `bytes`.
pub fn compute(framer: *const Framer, bytes: []const u8) u32 {
    const table = &framer.checksum_table;
    switch (framer.checksum) {
        .none => return 0,
        .xor8 => {
            var value: u8 = 0;
            for (bytes) |byte| value ^= byte;
            return value;
        },
        .sum8 => {
            var value: u8 = 0;
            for (bytes) |byte| value +%= byte;
            return value;
        },
        .crc16 => {
            var value: u32 = 0xffff;
            for (bytes) |byte| value = ((value << 8) & 0xffff) ^ table[(value >> 8) ^ byte];
            return value;
        },
        .crc32, .crc32c => {
            var value: u32 = 0xffffffff;
            for (bytes) |byte| value = (value >> 8) ^ table[(value ^ byte) & 0xff];
            return ~value;
        },
    }
}

/// Where the next magic may start; a beginning of it at the end of input stays.
pub noinline fn findMagic(framer: *const Framer, bytes: []const u8) driver.Found {
    if (framer.magic_length == 0) return .{ .skip = 0, .found = true };
    const magic = framer.magic[0..framer.magic_length];
    if (scan.findPattern(bytes, 0, magic)) |at| return .{ .skip = at, .found = true };
    var kept: u32 = @intCast(@min(magic.len - 1, bytes.len));
    while (!std.mem.eql(u8, bytes[bytes.len - kept ..], magic[0..kept])) kept -= 1;
    return .{ .skip = @intCast(bytes.len - kept), .found = false };
}

test "checksums give their catalogue check values" {
    const cases = [_]struct { abi.Checksum, u32 }{
        .{ .xor8, 0x31 },         .{ .sum8, 0xdd },
        .{ .crc16, 0x29b1 },      .{ .crc32, 0xcbf43926 },
        .{ .crc32c, 0xe3069283 },
    };
    for (cases) |case| {
        var framer: Framer = .{ .checksum = case[0] };
        init(&framer);
        try std.testing.expectEqual(case[1], compute(&framer, "123456789"));
    }
}

test "findMagic() keeps the beginning of a magic at the end" {
    var framer: Framer = .{ .magic_length = 3, .magic = "ABA\x00\x00\x00\x00\x00".* };
    try std.testing.expectEqual(driver.Found{ .skip = 2, .found = true }, findMagic(&framer, "xxABA"));
    try std.testing.expectEqual(driver.Found{ .skip = 2, .found = false }, findMagic(&framer, "xxAB"));
    try std.testing.expectEqual(driver.Found{ .skip = 4, .found = false }, findMagic(&framer, "xxAB"[0..3] ++ "y"));
    try std.testing.expectEqual(driver.Found{ .skip = 0, .found = false }, findMagic(&framer, ""));
}
