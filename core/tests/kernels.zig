//! Each loop that takes several bytes or frames at once, beside a plain one.

const std = @import("std");
const abi = @import("../abi.zig");
const columns = @import("../columns.zig");
const driver = @import("../driver.zig");
const match = @import("../match.zig");
const scan = @import("../scan.zig");
const verify = @import("../verify.zig");
const encode = @import("encode.zig");
const feed_zig = @import("feed.zig");
const Tape = @import("tape.zig").Tape;

const expectEqual = std.testing.expectEqual;
const Feed = feed_zig.Feed;

const rounds = 2000;

/// Bytes of which few are different, so that what is searched is there.
fn fill(random: std.Random, bytes: []u8, alphabet: []const u8) void {
    for (bytes) |*byte| byte.* = alphabet[random.uintLessThan(usize, alphabet.len)];
}

test "searches find what a plain loop finds" {
    var prng: std.Random.DefaultPrng = .init(1);
    const random = prng.random();
    for (0..rounds) |_| {
        var buffer: [100]u8 = undefined;
        const bytes = buffer[0..random.uintAtMost(usize, buffer.len)];
        fill(random, bytes, ".......................................ab");
        const from = random.uintAtMost(u32, @intCast(bytes.len));
        var pattern: [3]u8 = undefined;
        fill(random, &pattern, ".a");
        var first_a: ?u32 = null;
        var first_either: ?u32 = null;
        var first_pattern: ?u32 = null;
        for (from..bytes.len) |i| {
            const at: u32 = @intCast(i);
            if (first_a == null and bytes[i] == 'a') first_a = at;
            if (first_either == null and (bytes[i] == 'a' or bytes[i] == 'b')) first_either = at;
            if (first_pattern == null and std.mem.startsWith(u8, bytes[i..], &pattern)) first_pattern = at;
        }
        try expectEqual(first_a, scan.findByte(bytes, from, 'a'));
        try expectEqual(first_either, scan.findEither(bytes, from, 'a', 'b'));
        try expectEqual(first_pattern, scan.findPattern(bytes, from, &pattern));
    }
}

test "runs of equal lengths give what frame by frame gives" {
    var prng: std.Random.DefaultPrng = .init(2);
    const random = prng.random();
    for (0..rounds) |_| {
        const framer: abi.Framer = .{
            .kind = .length_field,
            .max_frame_length = 64,
            .length_field_offset = random.uintAtMost(u32, 3),
            .length_field_length = ([_]u32{ 1, 2, 3, 4, 8 })[random.uintLessThan(usize, 5)],
            .byte_order = random.enumValue(abi.ByteOrder),
        };
        const header = framer.length_field_offset + framer.length_field_length;
        var buffer: [4096]u8 = undefined;
        var fixed: std.heap.FixedBufferAllocator = .init(&buffer);
        var stream: encode.Stream = .{ .allocator = fixed.allocator() };
        var places: [64][2]u32 = undefined;
        var count: u32 = 0;
        var length: u32 = 0;
        while (count < places.len) : (count += 1) {
            if (random.uintLessThan(u32, 6) == 0) length = random.uintAtMost(u32, 16);
            places[count] = .{ @intCast(stream.bytes.items.len), header + length };
            var tape: Tape = .{ .bytes = "" };
            try encode.encode(&stream, &framer, "0123456789abcdef"[0..length], &tape);
        }
        var feed: Feed = try .init(std.testing.allocator, framer, 4096, 1 + random.uintAtMost(u32, 20));
        defer feed.deinit();
        try feed.push(stream.bytes.items);
        try expectEqual(places.len, feed.places.items.len);
        for (places, feed.places.items) |expected, actual| {
            try expectEqual([4]u64{ expected[0], expected[1], 0, 0 }, actual);
        }
    }
}

test "lines taken block by block are those found byte by byte" {
    var prng: std.Random.DefaultPrng = .init(6);
    const random = prng.random();
    for (0..rounds) |_| {
        var bytes: [500]u8 = undefined;
        // Lines short and long, blocks without any end.
        fill(random, &bytes, if (random.boolean()) "\n\r..." else "\n\r" ++ feed_zig.times(".", 60));
        const framer: abi.Framer = .{ .kind = .lines, .max_frame_length = 500, .keep_delimiter = random.uintAtMost(u32, 1) };
        var feed: Feed = try .init(std.testing.allocator, framer, 2048, 1 + random.uintAtMost(u32, 300));
        defer feed.deinit();
        try feed.push(&bytes);
        var count: usize = 0;
        var start: usize = 0;
        for (bytes, 0..) |byte, at| {
            if (byte != '\n') continue;
            const carriage = at > start and bytes[at - 1] == '\r';
            const end = if (framer.keep_delimiter != 0) at + 1 else at - @intFromBool(carriage);
            try expectEqual([4]u64{ start, end - start, 0, 0 }, feed.places.items[count]);
            count += 1;
            start = at + 1;
        }
        try expectEqual(count, feed.places.items.len);
    }
}

test "what is unescaped in place is what was escaped" {
    var prng: std.Random.DefaultPrng = .init(3);
    const random = prng.random();
    for ([_]abi.Kind{ .slip, .cobs, .beast }) |kind| {
        for (0..rounds) |_| {
            var payload: [900]u8 = undefined;
            const length = random.intRangeAtMost(usize, 1, if (random.boolean()) 20 else payload.len);
            // A half dense in zeros, a half without: COBS writes its shortest and its longest blocks.
            const half = random.uintLessThan(usize, length);
            fill(random, payload[0..half], "\x00\x1a\xc0\xdb\xdc\xddx");
            fill(random, payload[half..length], "\x01\xfe\xffxyz\x1a");
            if (random.boolean()) std.mem.rotate(u8, payload[0..length], random.uintLessThan(usize, length));
            var buffer: [8192]u8 = undefined;
            var fixed: std.heap.FixedBufferAllocator = .init(&buffer);
            var stream: encode.Stream = .{ .allocator = fixed.allocator() };
            var tape: Tape = .{ .bytes = &.{ 0, 3 } };
            const framer: abi.Framer = .{ .kind = kind, .max_frame_length = 900 };
            try encode.encode(&stream, &framer, payload[0..length], &tape);
            try stream.put(stream.bytes.items[0..1]);
            var feed: Feed = try .init(std.testing.allocator, framer, 4096, 2);
            defer feed.deinit();
            try feed.push(stream.bytes.items);
            try expectEqual(1, feed.totals.frames);
            const frame = feed.frame(0);
            // Beast's payload is cut to what its type takes.
            if (kind == .beast) {
                try expectEqual('4', frame[0]);
                @memset(payload[length..], 0);
                try std.testing.expectEqualSlices(u8, payload[0..21], frame[1..]);
            } else try std.testing.expectEqualSlices(u8, payload[0..length], frame);
        }
    }
}

/// Frames anywhere in `bytes`, overlapping as they like.
const Frames = struct {
    bytes: [256]u8 = undefined,
    offsets: [40]u32 = undefined,
    lengths: [40]u32 = undefined,
    raw_offsets: [40]u32 = undefined,
    raw_lengths: [40]u32 = undefined,

    fn fillWith(frames: *Frames, random: std.Random, alphabet: []const u8) driver.Cursor {
        fill(random, &frames.bytes, alphabet);
        for (0..frames.offsets.len) |i| {
            frames.lengths[i] = if (random.uintLessThan(u32, 8) == 0) random.uintAtMost(u32, 8) else 12;
            frames.offsets[i] = random.uintAtMost(u32, frames.bytes.len - 16);
            frames.raw_offsets[i] = frames.offsets[i];
            frames.raw_lengths[i] = frames.lengths[i] + 1;
        }
        return .{
            .bytes = &frames.bytes,
            .offsets = &frames.offsets,
            .lengths = &frames.lengths,
            .raw_offsets = &frames.raw_offsets,
            .raw_lengths = &frames.raw_lengths,
            .capacity = frames.offsets.len,
            .count = random.uintAtMost(u32, frames.offsets.len),
            .position = 0,
            .end = frames.bytes.len,
        };
    }
};

test "gather() gives what reading field by field gives" {
    var prng: std.Random.DefaultPrng = .init(4);
    const random = prng.random();
    inline for (.{ u8, u16, u32, u64 }) |Bits| {
        for (0..rounds) |_| {
            var frames: Frames = .{};
            const cursor = frames.fillWith(random, "\x00\x01\x7f\x80\xff");
            const column: abi.Column = .{
                .at = if (random.uintLessThan(u32, 50) == 0) std.math.maxInt(u32) else random.uintAtMost(u32, 6),
                .width = @sizeOf(Bits),
                .byte_order = random.enumValue(abi.ByteOrder),
                .missing = random.int(u64),
            };
            const first = random.uintAtMost(u32, cursor.count);
            const untouched = 0x5a;
            var values: [40]Bits = @splat(untouched);
            const missing = columns.gather(&column, &values, &cursor, first);
            var expected_missing: u32 = 0;
            for (&values, 0..) |value, i| {
                var expected: Bits = untouched;
                if (i >= first and i < cursor.count) {
                    const enough = frames.lengths[i] >= @as(u64, column.at) + @sizeOf(Bits);
                    expected_missing += @intFromBool(!enough);
                    expected = if (enough)
                        @truncate(verify.readUnsigned(frames.bytes[frames.offsets[i] + column.at ..][0..@sizeOf(Bits)], column.byte_order))
                    else
                        @truncate(column.missing);
                }
                try expectEqual(expected, value);
            }
            try expectEqual(expected_missing, missing);
        }
    }
}

test "countHits() finds lines with and without their end" {
    const text = "PING\r\nPING\nPING";
    var offsets = [_]u32{ 0, 6 };
    var lengths = [_]u32{ 4, 4 };
    var cursor: driver.Cursor = .{
        .bytes = @constCast(text),
        .offsets = &offsets,
        .lengths = &lengths,
        .raw_offsets = &offsets,
        .raw_lengths = &lengths,
        .capacity = 2,
        .count = 2,
        .position = 11,
        .end = text.len,
    };
    const lines: abi.Framer = .{ .kind = .lines };
    try expectEqual(2, match.countHits("PING", &cursor, 0, &lines));
    try expectEqual(1, match.countHits("PING\r\n", &cursor, 0, &lines));
    try expectEqual(1, match.countHits("PING\n", &cursor, 0, &lines));
    const crlf: abi.Framer = .{ .kind = .delimiter, .delimiter_length = 2 };
    cursor.count = 1;
    try expectEqual(1, match.countHits("PING\r\n", &cursor, 0, &crlf));
    lengths[0] = 6;
    const kept: abi.Framer = .{ .kind = .lines, .keep_delimiter = 1 };
    try expectEqual(1, match.countHits("PING\r\n", &cursor, 0, &kept));
    try expectEqual(0, match.countHits("PING", &cursor, 0, &kept));
}

test "countHits() counts what equals the pattern" {
    var prng: std.Random.DefaultPrng = .init(5);
    const random = prng.random();
    for (0..rounds) |_| {
        var frames: Frames = .{};
        const cursor = frames.fillWith(random, "ab");
        const first = random.uintAtMost(u32, cursor.count);
        const stores_raw = random.boolean();
        const framer: abi.Framer = .{ .kind = if (stores_raw) .slip else .raw };
        var buffer: [4]u8 = undefined;
        const pattern = buffer[0..random.uintAtMost(usize, 4)];
        fill(random, pattern, "ab");
        var expected: u32 = 0;
        for (first..cursor.count) |i| {
            const delivered = frames.bytes[frames.offsets[i]..][0..frames.lengths[i]];
            const raw = frames.bytes[frames.raw_offsets[i]..][0..frames.raw_lengths[i]];
            const hit = std.mem.eql(u8, delivered, pattern) or (stores_raw and std.mem.eql(u8, raw, pattern));
            expected += @intFromBool(hit);
        }
        try expectEqual(expected, match.countHits(pattern, &cursor, first, &framer));
    }
}
