//! A protobuf varint holding the payload's length, then the payload.
//!
//!   BEFORE                            AFTER
//!   ┌───────────┬────────────────┐    ┌────────────────┐
//!   │ 0xAC 0x02 │ 300 bytes      │ ──▶│ 300 bytes      │
//!   └───────────┴────────────────┘    └────────────────┘
//!   seven bits a byte, lowest first; the high bit says that more follow

const abi = @import("../abi.zig");
const driver = @import("../driver.zig");

const Framer = abi.Framer;

/// 64 bits in groups of seven.
const varint_bytes_max = 10;

pub const VarintLength = struct {
    pub const stores_raw = true;

    pub inline fn next(framer: *Framer, bytes: []u8) driver.Step {
        if (bytes.len == 0) return .partial;
        if (bytes[0] < 0x80) return payload(framer, bytes, bytes[0], 1);
        return longHeader(framer, bytes);
    }

    /// Without an end mark the only place to go on is behind what was discarded.
    pub fn resync(_: *Framer, _: []u8) driver.Found {
        return .{ .skip = 0, .found = true };
    }
};

fn longHeader(framer: *Framer, bytes: []const u8) driver.Step {
    var value: u64 = 0;
    for (bytes[0..@min(bytes.len, varint_bytes_max)], 0..) |byte, i| {
        if (i == varint_bytes_max - 1 and byte > 1) return .{ .invalid = .{
            .violation = .varint_too_long,
            .at = @intCast(i),
            .expected = varint_bytes_max,
            .actual = byte,
            .discard = i + 1,
        } };
        value |= @as(u64, byte & 0x7f) << @intCast(7 * i);
        if (byte < 0x80) return payload(framer, bytes, value, @intCast(i + 1));
    }
    return .partial;
}

inline fn payload(framer: *const Framer, bytes: []const u8, value: u64, header: u32) driver.Step {
    if (value > framer.max_frame_length) return tooLong(framer, value, header);
    const length: u32 = @intCast(value);
    if (bytes.len - header < length) return .partial;
    return .{ .frame = .{ .start = header, .length = length, .raw_length = header + length } };
}

noinline fn tooLong(framer: *const Framer, value: u64, header: u32) driver.Step {
    // No frame is that long, so what the header says is not worth discarding.
    const overflow = value > 1 << 62;
    return .{ .invalid = .{
        .violation = if (overflow) .length_overflow else .frame_too_long,
        .expected = framer.max_frame_length,
        .actual = value,
        .discard = if (overflow) header else header + value,
    } };
}
