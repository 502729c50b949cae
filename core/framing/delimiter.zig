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

/// Length of the delimiter behind a delivered frame that ends at `end`; 0 if it was kept.
pub fn behind(framer: *const Framer, end: [*]const u8) u32 {
    if (framer.keep_delimiter != 0) return 0;
    if (framer.kind == .delimiter) return framer.delimiter_length;
    return if (end[0] == '\r') 2 else 1;
}

pub const Lines = struct {
    pub const stores_raw = false;

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
    pub fn run(framer: *Framer, cursor: *driver.Cursor, _: driver.Frame) void {
        if (framer.keep_delimiter != 0) take(true, framer, cursor) else take(false, framer, cursor);
    }

    /// INVARIANT: a line came before, so the byte in front of `position` is its `\n`.
    inline fn take(comptime keep: bool, framer: *Framer, cursor: *driver.Cursor) void {
        var taken: Taken(keep) = .{
            .bytes = cursor.bytes,
            .offsets = cursor.offsets,
            .lengths = cursor.lengths,
            .longest = framer.max_frame_length,
            .count = cursor.count,
            .start = cursor.position,
        };
        const end = cursor.end;
        // The most lines a block can end must have room in the index.
        const most = cursor.capacity -| 64;
        var block = taken.start;
        while (end - block >= 64 and taken.count <= most) : (block += 64) {
            var ends = scan.byteMask(cursor.bytes[block..][0..64], '\n');
            if (ends == 0) continue;
            // One line is what most blocks end, and each turn of a loop costs V8 a check.
            if (!taken.line(block + @ctz(ends))) break;
            ends &= ends - 1;
            while (ends != 0) : (ends &= ends - 1) {
                if (!taken.line(block + @ctz(ends))) break;
            }
            if (ends != 0) break;
        }
        cursor.count = taken.count;
        cursor.position = taken.start;
        framer.searched = block -| taken.start;
    }

    /// Lines put into the index, in locals.
    fn Taken(comptime keep: bool) type {
        return struct {
            bytes: [*]u8,
            offsets: [*]u32,
            lengths: [*]u32,
            longest: u32,
            count: u32,
            start: u32,

            /// Takes the one whose `\n` is at `newline`; false if it is too long.
            inline fn line(self: *@This(), newline: u32) bool {
                const length = newline - self.start;
                if (length > self.longest) return false;
                self.offsets[self.count] = self.start;
                self.lengths[self.count] = if (keep) length + 1 else length;
                // Told right behind, since few feeds have it: nothing waits for this byte then.
                if (!keep and (self.bytes + newline - 1)[0] == '\r') {
                    @branchHint(.unlikely);
                    self.lengths[self.count] = length - 1;
                }
                self.count += 1;
                self.start = newline + 1;
                return true;
            }
        };
    }

    pub fn resync(_: *Framer, bytes: []u8) driver.Found {
        return resync_zig.behind(bytes, "\n");
    }
};

pub const Delimiter = struct {
    pub const stores_raw = false;

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
