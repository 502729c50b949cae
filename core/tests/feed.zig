//! Feeds a framer the way the reader does: chunks appended to a slab, the partial
//! tail moved to the front of the next one. Checks on the way what must always
//! hold, and writes down all that came out.

const std = @import("std");
const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const framer_zig = @import("../framer.zig");

const Allocator = std.mem.Allocator;
const expect = std.testing.expect;

/// What a stream gave, the same for every chunking of it.
pub const Totals = struct {
    violation: abi.Violation = .none,
    /// Stream offset of the violation.
    violation_at: u64 = 0,
    expected: u64 = 0,
    actual: u64 = 0,
    frames: u32 = 0,
    skipped_frames: u32 = 0,
    skipped_bytes: u32 = 0,
    padding_bytes: u32 = 0,
    /// Bytes that are no frame yet.
    rest: u32 = 0,
};

pub const Feed = struct {
    allocator: Allocator,
    framer: abi.Framer,
    slab: []u8,
    /// Offsets, lengths, raw offsets, raw lengths.
    index: [4][]u32,
    count: u32 = 0,
    position: u32 = 0,
    end: u32 = 0,
    /// Stream offset of the slab's first byte.
    base: u64 = 0,
    totals: Totals = .{},
    /// Delivered bytes, one frame after the other.
    payload: std.ArrayList(u8) = .empty,
    /// Stream offset and length as delivered, then of the raw frame where it is kept.
    places: std.ArrayList([4]u64) = .empty,

    pub fn init(allocator: Allocator, framer: abi.Framer, slab_bytes: u32, capacity: u32) !Feed {
        var feed: Feed = .{
            .allocator = allocator,
            .framer = framer,
            .slab = try allocator.alloc(u8, slab_bytes),
            .index = undefined,
        };
        for (&feed.index) |*array| array.* = try allocator.alloc(u32, capacity);
        framer_zig.init(&feed.framer);
        return feed;
    }

    pub fn deinit(feed: *Feed) void {
        feed.allocator.free(feed.slab);
        for (feed.index) |array| feed.allocator.free(array);
        feed.payload.deinit(feed.allocator);
        feed.places.deinit(feed.allocator);
    }

    /// Feeds one chunk, in pieces where the slab is full. After a violation nothing is read.
    pub fn push(feed: *Feed, chunk: []const u8) !void {
        var left = chunk;
        while (left.len > 0 and feed.totals.violation == .none) {
            if (feed.end == feed.slab.len) try feed.nextSlab();
            const bytes = @min(left.len, feed.slab.len - feed.end);
            @memcpy(feed.slab[feed.end..][0..bytes], left[0..bytes]);
            feed.end += @intCast(bytes);
            left = left[bytes..];
            while (try feed.scan() == .index_full) try feed.nextSlab();
        }
        feed.totals.rest = feed.end - feed.position;
    }

    fn nextSlab(feed: *Feed) !void {
        // A partial frame that fills a slab would stop the stream for good.
        try expect(feed.position > 0 or feed.count > 0);
        const tail = feed.slab[feed.position..feed.end];
        @memmove(feed.slab[0..tail.len], tail);
        feed.base += feed.position;
        feed.position = 0;
        feed.end = @intCast(tail.len);
        feed.count = 0;
    }

    fn scan(feed: *Feed) !abi.Status {
        var out: abi.Outcome = .{};
        var cursor: driver.Cursor = .{
            .bytes = feed.slab.ptr,
            .offsets = feed.index[0].ptr,
            .lengths = feed.index[1].ptr,
            .raw_offsets = feed.index[2].ptr,
            .raw_lengths = feed.index[3].ptr,
            .capacity = @intCast(feed.index[0].len),
            .count = feed.count,
            .position = feed.position,
            .end = feed.end,
        };
        framer_zig.frame(&feed.framer, &cursor, &out);
        try expect(cursor.position >= feed.position and cursor.position <= feed.end);
        try expect(cursor.count >= feed.count and cursor.count <= cursor.capacity);
        try feed.takeFrames(&cursor);
        feed.position = cursor.position;
        feed.count = cursor.count;
        feed.take(&out);
        return out.status;
    }

    fn takeFrames(feed: *Feed, cursor: *const driver.Cursor) !void {
        const stores_raw = feed.framer.kind.storesRaw();
        var from = feed.position;
        for (feed.count..cursor.count) |i| {
            const start = cursor.offsets[i];
            const end = start + cursor.lengths[i];
            try expect(start >= from and end <= cursor.position);
            try expect(cursor.lengths[i] <= longest(&feed.framer));
            from = end;
            var place: [4]u64 = .{ feed.base + start, cursor.lengths[i], 0, 0 };
            if (stores_raw) {
                const raw_start = cursor.raw_offsets[i];
                const raw_end = raw_start + cursor.raw_lengths[i];
                try expect(raw_start <= start and end <= raw_end and raw_end <= cursor.position);
                try expect(cursor.raw_lengths[i] > 0);
                from = raw_end;
                place[2] = feed.base + raw_start;
                place[3] = cursor.raw_lengths[i];
            }
            try feed.places.append(feed.allocator, place);
            try feed.payload.appendSlice(feed.allocator, feed.slab[start..end]);
        }
        feed.totals.frames += cursor.count - feed.count;
    }

    fn take(feed: *Feed, out: *const abi.Outcome) void {
        feed.totals.skipped_frames += out.skipped_frames;
        feed.totals.skipped_bytes += out.skipped_bytes;
        feed.totals.padding_bytes += out.padding_bytes;
        if (out.status != .invalid) return;
        feed.totals.violation = out.violation;
        feed.totals.violation_at = feed.base + out.violation_at;
        feed.totals.expected = out.expected;
        feed.totals.actual = out.actual;
    }

    pub fn frame(feed: *const Feed, i: usize) []const u8 {
        var start: u64 = 0;
        for (feed.places.items[0..i]) |place| start += place[1];
        return feed.payload.items[start..][0..feed.places.items[i][1]];
    }
};

/// The most bytes delivered as one frame.
fn longest(framer: *const abi.Framer) u32 {
    const kept = if (framer.kind == .lines) 1 else framer.delimiter_length;
    return switch (framer.kind) {
        .raw => std.math.maxInt(u32),
        .fixed_length => framer.frame_length,
        .beast => 22,
        .lines, .delimiter => framer.max_frame_length + if (framer.keep_delimiter != 0) kept else 0,
        else => framer.max_frame_length,
    };
}

/// The most bytes of a frame in the stream, plus what tells that one is too long.
pub fn longestRaw(framer: *const abi.Framer) u32 {
    return @max(2 * framer.max_frame_length, framer.frame_length) + 64;
}

/// Fails unless `a` and `b`, fed the same stream in other chunks, gave the same.
/// After a violation it depends on the chunks what was read and not framed.
pub fn expectSame(a: *const Feed, b: *const Feed) !void {
    var totals = b.totals;
    if (totals.violation != .none) totals.rest = a.totals.rest;
    try std.testing.expectEqual(a.totals, totals);
    try std.testing.expectEqualSlices([4]u64, a.places.items, b.places.items);
    try std.testing.expectEqualSlices(u8, a.payload.items, b.payload.items);
}

/// A stream written by hand and what it must give.
pub const Case = struct {
    framer: abi.Framer,
    stream: []const u8,
    frames: []const []const u8 = &.{},
    violation: abi.Violation = .none,
    at: u64 = 0,
    expected: u64 = 0,
    actual: u64 = 0,
    skipped_frames: u32 = 0,
    skipped_bytes: u32 = 0,
    padding: u32 = 0,
    rest: u32 = 0,
};

/// Feeds `case.stream` whole, split in two at every point, and byte by byte.
pub fn check(case: Case) !void {
    const allocator = std.testing.allocator;
    const slab_bytes: u32 = @intCast(case.stream.len + longestRaw(&case.framer));
    var whole: Feed = try .init(allocator, case.framer, slab_bytes, 64);
    defer whole.deinit();
    try whole.push(case.stream);
    errdefer std.debug.print("stream \"{f}\"\n", .{std.zig.fmtString(case.stream)});
    for (case.frames, 0..) |frame, i| {
        if (i >= whole.totals.frames) break;
        try std.testing.expectEqualStrings(frame, whole.frame(i));
    }
    try std.testing.expectEqual(Totals{
        .violation = case.violation,
        .violation_at = case.at,
        .expected = case.expected,
        .actual = case.actual,
        .frames = @intCast(case.frames.len),
        .skipped_frames = case.skipped_frames,
        .skipped_bytes = case.skipped_bytes,
        .padding_bytes = case.padding,
        .rest = if (case.violation != .none) whole.totals.rest else case.rest,
    }, whole.totals);

    for (1..case.stream.len) |split| {
        errdefer std.debug.print("split at {d}\n", .{split});
        var halves: Feed = try .init(allocator, case.framer, slab_bytes, 64);
        defer halves.deinit();
        try halves.push(case.stream[0..split]);
        try halves.push(case.stream[split..]);
        try expectSame(&whole, &halves);
    }

    // A slab and an index so small that partial frames are moved all the time.
    var bytes: Feed = try .init(allocator, case.framer, longestRaw(&case.framer), 2);
    defer bytes.deinit();
    for (0..case.stream.len) |i| try bytes.push(case.stream[i..][0..1]);
    try expectSame(&whole, &bytes);
}

pub fn checkAll(cases: []const Case) !void {
    for (cases) |case| try check(case);
}

/// `framer` that skips what is no frame.
pub fn skipping(framer: abi.Framer) abi.Framer {
    var copy = framer;
    copy.on_invalid = .skip;
    return copy;
}

/// `text` so many times over.
pub inline fn times(comptime text: []const u8, comptime count: usize) *const [text.len * count]u8 {
    return &struct {
        const all = all: {
            @setEvalBranchQuota(20_000);
            var bytes: [text.len * count]u8 = undefined;
            for (&bytes, 0..) |*byte, i| byte.* = text[i % text.len];
            break :all bytes;
        };
    }.all;
}
