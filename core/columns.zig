//! Gathers declared fields of new frames into one array a column.

const std = @import("std");
const abi = @import("abi.zig");
const driver = @import("driver.zig");

/// The index as the gather loops need it.
const Frames = struct {
    bytes: [*]const u8,
    offsets: [*]const u32,
    lengths: [*]const u32,
    first: u32,
    end: u32,
    values: *anyopaque,
};

/// Fills `values`, an array as `column` says, at the cursor's frames from `first`
/// on; returns how many of them were too short.
pub fn gather(column: *const abi.Column, values: *anyopaque, cursor: *const driver.Cursor, first: u32) u32 {
    const frames: Frames = .{
        .bytes = cursor.bytes,
        .offsets = cursor.offsets,
        .lengths = cursor.lengths,
        .first = first,
        .end = cursor.count,
        .values = values,
    };
    const swap = column.byte_order == .big;
    return switch (column.width) {
        1 => gatherWidth(1, false, column, frames),
        2 => if (swap) gatherWidth(2, true, column, frames) else gatherWidth(2, false, column, frames),
        4 => if (swap) gatherWidth(4, true, column, frames) else gatherWidth(4, false, column, frames),
        8 => if (swap) gatherWidth(8, true, column, frames) else gatherWidth(8, false, column, frames),
        else => 0,
    };
}

noinline fn gatherWidth(comptime width: u32, comptime swap: bool, column: *const abi.Column, frames: Frames) u32 {
    const Bits = @Int(.unsigned, width * 8);
    const lanes = @min(4, 16 / width);
    const values: [*]Bits = @ptrCast(@alignCast(frames.values));
    const needed = @as(u64, column.at) + width;
    const enough: u32 = @intCast(@min(needed, std.math.maxInt(u32)));
    const from = frames.bytes + column.at;
    var missing: u32 = 0;
    var i = frames.first;
    while (i + lanes <= frames.end) : (i += lanes) {
        const lengths: @Vector(lanes, u32) = frames.lengths[i..][0..lanes].*;
        if (@reduce(.And, lengths >= @as(@Vector(lanes, u32), @splat(enough)))) {
            var bits: [lanes]Bits = undefined;
            inline for (0..lanes) |lane| bits[lane] = read(Bits, from + frames.offsets[i + lane]);
            const vector: @Vector(lanes, Bits) = bits;
            values[i..][0..lanes].* = if (swap) @byteSwap(vector) else vector;
        } else {
            inline for (0..lanes) |lane| missing += one(Bits, swap, column, frames, i + lane);
        }
    }
    while (i < frames.end) : (i += 1) missing += one(Bits, swap, column, frames, i);
    return missing;
}

fn one(comptime Bits: type, comptime swap: bool, column: *const abi.Column, frames: Frames, i: usize) u32 {
    const values: [*]Bits = @ptrCast(@alignCast(frames.values));
    if (frames.lengths[i] < @as(u64, column.at) + @sizeOf(Bits)) {
        values[i] = @truncate(column.missing);
        return 1;
    }
    const bits = read(Bits, frames.bytes + frames.offsets[i] + column.at);
    values[i] = if (swap) @byteSwap(bits) else bits;
    return 0;
}

inline fn read(comptime Bits: type, bytes: [*]const u8) Bits {
    return @bitCast(bytes[0..@sizeOf(Bits)].*);
}
