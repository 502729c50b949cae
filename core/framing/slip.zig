//! SLIP (RFC 1055): packets ended by END, END and ESC inside them escaped.
//!
//!   BEFORE                              AFTER
//!   ┌─────┬──────┬──────┬─────┬─────┐   ┌─────┬──────┬─────┐
//!   │ HEL │ 0xDB │ 0xDC │ LO  │ END │ ──▶│ HEL │ 0xC0 │ LO  │
//!   └─────┴──────┴──────┴─────┴─────┘   └─────┴──────┴─────┘
//!
//! `framer.searched` bytes hold no END and `framer.escapes` whole escapes. Bytes
//! stay raw until the packet is complete, so a partial one can be moved and read on.

const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const resync_zig = @import("../resync.zig");
const scan = @import("../scan.zig");

const Framer = abi.Framer;

const end_byte = 0xc0;
const escape = 0xdb;
const escaped_end = 0xdc;
const escaped_escape = 0xdd;

pub const Slip = struct {
    pub const stores_raw = true;

    pub fn next(framer: *Framer, bytes: []u8) driver.Step {
        if (framer.searched == 0 and bytes.len > 0 and bytes[0] == end_byte) return .{ .padding = leadingEnds(bytes) };
        const length: u32 = @intCast(bytes.len);
        var from = framer.searched;
        while (scan.findEither(bytes, from, end_byte, escape)) |at| {
            if (at - framer.escapes > framer.max_frame_length) return tooLong(framer);
            if (bytes[at] == end_byte) return packet(framer, bytes[0..at]);
            if (at + 1 == length) {
                framer.searched = at;
                return .partial;
            }
            const second = bytes[at + 1];
            if (second != escaped_end and second != escaped_escape) {
                return .{ .invalid = .{ .violation = .bad_escape, .at = at + 1, .actual = second } };
            }
            framer.escapes += 1;
            from = at + 2;
            if (from - framer.escapes > framer.max_frame_length) return tooLong(framer);
        }
        if (length - framer.escapes > framer.max_frame_length) return tooLong(framer);
        framer.searched = length;
        return .partial;
    }

    pub fn resync(_: *Framer, bytes: []u8) driver.Found {
        return resync_zig.behind(bytes, &.{end_byte});
    }
};

fn leadingEnds(bytes: []const u8) u32 {
    return for (bytes, 0..) |byte, i| {
        if (byte != end_byte) break @intCast(i);
    } else @intCast(bytes.len);
}

fn packet(framer: *Framer, bytes: []u8) driver.Step {
    const raw_length: u32 = @intCast(bytes.len);
    const length = raw_length - framer.escapes;
    if (framer.escapes > 0) unescape(bytes);
    framer.escapes = 0;
    return .{ .frame = .{ .start = 0, .length = length, .raw_length = raw_length + 1 } };
}

fn unescape(bytes: []u8) void {
    var from: usize = scan.findByte(bytes, 0, escape) orelse return;
    var to = from;
    while (from < bytes.len) : (to += 1) {
        var byte = bytes[from];
        from += 1;
        if (byte == escape and from < bytes.len) {
            byte = if (bytes[from] == escaped_end) end_byte else escape;
            from += 1;
        }
        bytes[to] = byte;
    }
}

/// The offending byte is the first over the limit, however much came with it.
noinline fn tooLong(framer: *const Framer) driver.Step {
    const max = framer.max_frame_length;
    return .{ .invalid = .{
        .violation = .frame_too_long,
        .at = max + framer.escapes,
        .expected = max,
        .actual = max + 1,
    } };
}
