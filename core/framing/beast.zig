//! Mode S Beast binary: 0x1A, a type, then time, signal and message, in which
//! each 0x1A is doubled.
//!
//!   BEFORE                                          AFTER
//!   ┌──────┬──────┬──────┬────────┬───────────┐     ┌──────┬──────┬────────┬─────────┐
//!   │ 0x1A │ type │ time │ signal │ message   │ ──▶ │ type │ time │ signal │ message │
//!   │      │ '2'  │ 6    │ 1      │ 1A 1A …   │     │ '2'  │ 6    │ 1      │ 1A …    │
//!   └──────┴──────┴──────┴────────┴───────────┘     └──────┴──────┴────────┴─────────┘
//!
//! A frame has at most 44 bytes, so a partial one is read again.

const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const scan = @import("../scan.zig");

const Framer = abi.Framer;

const escape = 0x1a;
const time_and_signal = 6 + 1;

pub const Beast = struct {
    pub const stores_raw = true;

    pub fn next(_: *Framer, bytes: []u8) driver.Step {
        if (bytes.len == 0) return .partial;
        if (bytes[0] != escape) return .{ .invalid = .{
            .violation = .bad_byte,
            .expected = escape,
            .actual = bytes[0],
        } };
        if (bytes.len == 1) return .partial;
        const body = bodyLength(bytes[1]) orelse return .{ .invalid = .{
            .violation = .bad_type,
            .at = 1,
            .actual = bytes[1],
        } };
        // Where the frame ends if no further byte of it is doubled.
        var end = 2 + body;
        var from: u32 = 2;
        while (scan.findByte(bytes[0..@min(bytes.len, end)], from, escape)) |at| {
            if (at + 1 == bytes.len) return .partial;
            if (bytes[at + 1] != escape) return .{ .invalid = .{
                .violation = .bad_escape,
                .at = at + 1,
                .actual = bytes[at + 1],
            } };
            end += 1;
            from = at + 2;
        }
        if (bytes.len < end) return .partial;
        if (end > 2 + body) unescape(bytes[2..end]);
        return .{ .frame = .{ .start = 1, .length = 1 + body, .raw_length = end } };
    }

    /// Pair by pair, so that a doubled byte is never taken for a start.
    pub fn resync(_: *Framer, bytes: []u8) driver.Found {
        var from: u32 = 0;
        while (scan.findByte(bytes, from, escape)) |at| {
            if (at + 1 == bytes.len) return .{ .skip = at, .found = false };
            if (bodyLength(bytes[at + 1]) != null) return .{ .skip = at, .found = true };
            from = at + 2;
        }
        return .{ .skip = @intCast(bytes.len), .found = false };
    }
};

fn bodyLength(kind: u8) ?u32 {
    return switch (kind) {
        '1' => time_and_signal + 2,
        '2' => time_and_signal + 7,
        '3', '4' => time_and_signal + 14,
        else => null,
    };
}

fn unescape(bytes: []u8) void {
    var to: usize = 0;
    var from: usize = 0;
    while (from < bytes.len) : (to += 1) {
        const byte = bytes[from];
        bytes[to] = byte;
        from += if (byte == escape) 2 else 1;
    }
}
