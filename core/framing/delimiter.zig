//! Frames ended by a delimiter, and lines ended by "\n" or "\r\n".
//!
//!   BEFORE                      AFTER
//!   ┌───────┬────┬─────┬──┐     ┌───────┐ ┌─────┐
//!   │ HELLO │ \r\n │ ABC │ \n │ ──▶ │ HELLO │ │ ABC │
//!   └───────┴────┴─────┴──┘     └───────┘ └─────┘
//!
//! The search goes on where it stopped: `framer.searched` bytes hold no delimiter.

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
        return .{ .frame = frameOf(bytes.ptr, at, framer.keep_delimiter != 0) };
    }

    /// The line whose `\n` is at `end`.
    inline fn frameOf(line: [*]const u8, end: u32, keep: bool) driver.Frame {
        const carriage: u32 = if (end > 0 and (line + end - 1)[0] == '\r') 1 else 0;
        return .{ .start = 0, .length = if (keep) end + 1 else end - carriage, .raw_length = end + 1 };
    }

    /// Looks at 64 bytes at a time and takes every line that ends in them; what is
    /// left over, too long or beyond the index goes to `next`.
    pub inline fn run(framer: *Framer, cursor: *driver.Cursor, _: driver.Frame) void {
        // A copy whose address nobody has, so that it lives in registers.
        var c = cursor.*;
        defer cursor.* = c;
        const keep = framer.keep_delimiter != 0;
        const longest = framer.max_frame_length;
        var block = c.position;
        while (c.end - block >= 64) : (block += 64) {
            var ends = scan.byteMask(c.bytes[block..][0..64], '\n');
            while (ends != 0) : (ends &= ends - 1) {
                const end = block + @ctz(ends) - c.position;
                if (end > longest or c.count >= c.capacity) return;
                c.emit(stores_raw, frameOf(c.bytes + c.position, end, keep));
            }
        }
        framer.searched = block - c.position;
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
