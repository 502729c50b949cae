//! Consistent Overhead Byte Stuffing, packets ended by 0x00.
//!
//!   BEFORE                               AFTER
//!   ┌────┬───────┬────┬──────┬──────┐    ┌───────┬──────┬──────┐
//!   │ 03 │ 11 22 │ 02 │ 33   │ 0x00 │ ──▶│ 11 22 │ 0x00 │ 33   │
//!   └────┴───────┴────┴──────┴──────┘    └───────┴──────┴──────┘
//!   a code is the distance to the next code; each but 0xFF and the last stands
//!   for a zero behind its block
//!
//! Decoded in place from the second byte on: a code in the middle becomes the
//! zero it stands for, so data move only behind a code 0xFF.

const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const resync_zig = @import("../resync.zig");
const scan = @import("../scan.zig");

const Framer = abi.Framer;

/// The longest block: its zero is left out.
const full_block = 0xff;

pub const Cobs = struct {
    pub const stores_raw = true;

    pub fn next(framer: *Framer, bytes: []u8) driver.Step {
        if (bytes.len > 0 and bytes[0] == 0) return .{ .padding = 1 };
        const max = framer.max_frame_length;
        // What `max` bytes take when encoded at their longest.
        const bound = max + (max + full_block - 2) / (full_block - 1) + 1;
        const end = scan.findByte(bytes, framer.searched, 0) orelse {
            if (bytes.len > bound) return tooLong(framer, bound, max + 1);
            framer.searched = @intCast(bytes.len);
            return .partial;
        };
        if (end > bound) return tooLong(framer, bound, max + 1);
        return packet(framer, bytes[0..end]);
    }

    pub fn resync(_: *Framer, bytes: []u8) driver.Found {
        return resync_zig.behind(bytes, &.{0});
    }
};

/// Checks all codes before any byte changes: `resync` may have to search here.
fn packet(framer: *Framer, bytes: []u8) driver.Step {
    const raw_length: u32 = @intCast(bytes.len);
    var length = raw_length - 1;
    var moved = false;
    var at: u32 = 0;
    while (at < raw_length) {
        const code = bytes[at];
        const left = raw_length - at;
        if (code > left) return .{ .invalid = .{
            .violation = .bad_byte,
            .at = at,
            .expected = code,
            .actual = left,
        } };
        if (code == full_block and left > full_block) {
            length -= 1;
            moved = true;
        }
        at += code;
    }
    if (length > framer.max_frame_length) return tooLong(framer, 0, length);
    if (moved) decodeMoving(bytes) else decode(bytes);
    return .{ .frame = .{ .start = 1, .length = length, .raw_length = raw_length + 1 } };
}

/// Puts the zeros where the codes are.
fn decode(bytes: []u8) void {
    var at: u32 = bytes[0];
    while (at < bytes.len) {
        const code = bytes[at];
        bytes[at] = 0;
        at += code;
    }
}

/// Each code is read before the zero of the block ahead of it may take its place.
fn decodeMoving(bytes: []u8) void {
    var code: usize = bytes[0];
    var from: usize = 0;
    var to: usize = 1;
    while (true) {
        const end = from + code;
        const data = bytes[from + 1 .. end];
        @memmove(bytes[to..][0..data.len], data);
        to += data.len;
        if (end == bytes.len) return;
        const next_code = bytes[end];
        if (code < full_block) {
            bytes[to] = 0;
            to += 1;
        }
        from = end;
        code = next_code;
    }
}

noinline fn tooLong(framer: *const Framer, at: u32, length: u32) driver.Step {
    return .{ .invalid = .{
        .violation = .frame_too_long,
        .at = at,
        .expected = framer.max_frame_length,
        .actual = length,
    } };
}
