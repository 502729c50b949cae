//! NATS protocol: a line, and behind MSG and HMSG lines their payload.
//!
//!   ┌─────────────────────┬────────────┐   ┌──────────┐
//!   │ MSG feed 1 5\r\n     │ HELLO\r\n   │   │ PING\r\n  │   two frames, kept whole
//!   └─────────────────────┴────────────┘   └──────────┘
//!
//! `framer.searched` bytes hold no line end; once the line is read,
//! `framer.message_length` is the length of line, payload and ends.

const std = @import("std");
const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const resync_zig = @import("../resync.zig");
const scan = @import("../scan.zig");

const Framer = abi.Framer;

/// Behind the payload.
const end_length = 2;

pub const Nats = struct {
    pub const stores_raw = true;

    pub fn next(framer: *Framer, bytes: []u8) driver.Step {
        if (framer.message_length > 0) return message(framer, bytes);
        const max = framer.max_frame_length;
        const at = scan.findByte(bytes[0..@min(bytes.len, max)], framer.searched, '\n') orelse {
            if (bytes.len > max) return .{ .invalid = .{
                .violation = .frame_too_long,
                .at = max,
                .expected = max,
                .actual = @as(u64, max) + 1,
            } };
            framer.searched = @intCast(bytes.len);
            return .partial;
        };
        const line = bytes[0..at];
        if (!announcesPayload(line)) return whole(at + 1);
        if (readLine(framer, line)) |invalid| return .{ .invalid = invalid };
        return message(framer, bytes);
    }

    pub fn resync(_: *Framer, bytes: []u8) driver.Found {
        return resync_zig.behind(bytes, "\n");
    }
};

fn announcesPayload(line: []const u8) bool {
    const name = if (line.len > 0 and line[0] | 0x20 == 'h') line[1..] else line;
    if (name.len < 4) return false;
    return name[0] | 0x20 == 'm' and name[1] | 0x20 == 's' and name[2] | 0x20 == 'g' and isBlank(name[3]);
}

/// Sets `message_length` by the last token, the number of payload bytes.
fn readLine(framer: *Framer, line: []const u8) ?driver.Invalid {
    var end = line.len;
    if (end > 0 and line[end - 1] == '\r') end -= 1;
    while (end > 0 and isBlank(line[end - 1])) end -= 1;
    var start = end;
    while (start > 0 and !isBlank(line[start - 1])) start -= 1;

    var value: u64 = 0;
    for (line[start..end], start..) |byte, at| {
        if (byte < '0' or byte > '9') {
            return .{ .violation = .bad_digit, .at = @intCast(at), .actual = byte };
        }
        // Saturates: no message is that long, and a later byte may be no digit.
        const bounded: u64 = @min(value, std.math.maxInt(u64) / 16);
        value = bounded * 10 + (byte - '0');
    }
    const length = value + line.len + 1 + end_length;
    if (length > framer.max_frame_length) return .{
        .violation = .frame_too_long,
        .at = @intCast(start),
        .expected = framer.max_frame_length,
        .actual = length,
        .discard = length,
    };
    framer.message_length = @intCast(length);
    return null;
}

fn message(framer: *Framer, bytes: []const u8) driver.Step {
    const length = framer.message_length;
    for ("\r\n", length - end_length..) |expected, at| {
        if (at >= bytes.len) return .partial;
        if (bytes[at] != expected) return .{ .invalid = .{
            .violation = .bad_byte,
            .at = @intCast(at),
            .expected = expected,
            .actual = bytes[at],
            .discard = length,
        } };
    }
    framer.message_length = 0;
    return whole(length);
}

fn whole(length: u32) driver.Step {
    return .{ .frame = .{ .start = 0, .length = length, .raw_length = length } };
}

fn isBlank(byte: u8) bool {
    return byte == ' ' or byte == '\t';
}
