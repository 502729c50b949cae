//! Frames ended by a delimiter, and lines ended by "\n" or "\r\n".
//!
//!   BEFORE                      AFTER
//!   ┌───────┬────┬─────┬──┐     ┌───────┐ ┌─────┐
//!   │ HELLO │ \r\n │ ABC │ \n │ ──▶ │ HELLO │ │ ABC │
//!   └───────┴────┴─────┴──┘     └───────┘ └─────┘
//!
//! The search goes on where it stopped: `framer.searched` bytes hold no delimiter.

const std = @import("std");
const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const resync_zig = @import("../resync.zig");
const scan = @import("../scan.zig");

const Framer = abi.Framer;

pub const Lines = struct {
    pub const stores_raw = true;

    pub inline fn next(framer: *Framer, bytes: []u8) driver.Step {
        const at = scan.findByte(bytes, framer.searched, '\n') orelse
            return unended(framer, @intCast(bytes.len));
        if (at > framer.max_frame_length) return tooLong(framer);
        const carriage: u32 = if (at > 0 and bytes[at - 1] == '\r') 1 else 0;
        return .{ .frame = .{
            .start = 0,
            .length = if (framer.keep_delimiter != 0) at + 1 else at - carriage,
            .raw_length = at + 1,
        } };
    }

    pub fn resync(_: *Framer, bytes: []u8) driver.Found {
        return resync_zig.behind(bytes, "\n");
    }
};

pub const Delimiter = struct {
    pub const stores_raw = true;

    pub inline fn next(framer: *Framer, bytes: []u8) driver.Step {
        const delimiter = framer.delimiter[0..framer.delimiter_length];
        const length: u32 = @intCast(bytes.len);
        const at = scan.findPattern(bytes, framer.searched, delimiter) orelse
            return unended(framer, length - @min(length, framer.delimiter_length - 1));
        if (at > framer.max_frame_length) return tooLong(framer);
        const raw_length = at + framer.delimiter_length;
        return .{ .frame = .{
            .start = 0,
            .length = if (framer.keep_delimiter != 0) raw_length else at,
            .raw_length = raw_length,
        } };
    }

    pub fn resync(framer: *Framer, bytes: []u8) driver.Found {
        return resync_zig.behind(bytes, framer.delimiter[0..framer.delimiter_length]);
    }
};

/// No delimiter yet: told as too long as soon as it can't be anything else.
fn unended(framer: *Framer, searched: u32) driver.Step {
    if (searched > framer.max_frame_length) return tooLong(framer);
    framer.searched = searched;
    return .partial;
}

/// The offending byte is the first over the limit, however much came with it.
fn tooLong(framer: *const Framer) driver.Step {
    return .{ .invalid = .{
        .violation = .frame_too_long,
        .at = framer.max_frame_length,
        .expected = framer.max_frame_length,
        .actual = framer.max_frame_length + 1,
    } };
}
