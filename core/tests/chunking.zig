//! What a partial frame costs: its bytes are looked at once, not again with every chunk.

const std = @import("std");
const abi = @import("../abi.zig");
const framer_zig = @import("../framer.zig");
const feed_zig = @import("feed.zig");

const Feed = feed_zig.Feed;

const bytes_max = 1 << 20;

/// Feeds `head`, then a MiB of `filler` byte by byte, then `tail`. Each byte is
/// overwritten with `poison`, an end of the frame, as soon as it was looked at:
/// whoever looks again takes it for the end.
const Long = struct {
    framer: abi.Framer,
    head: []const u8 = "",
    filler: u8 = 'x',
    poison: ?u8 = null,
    tail: []const u8,
};

fn expectOneLook(long: Long) !void {
    var framer = long.framer;
    framer.max_frame_length = 2 * bytes_max;
    var feed: Feed = try .init(std.testing.allocator, framer, 3 * bytes_max, 4);
    defer feed.deinit();
    try feed.push(long.head);
    for (0..bytes_max) |_| {
        try feed.push(&.{long.filler});
        if (long.poison) |poison| feed.slab[feed.end - 1] = poison;
    }
    try std.testing.expectEqual(0, feed.totals.frames);
    try feed.push(long.tail);
    try std.testing.expectEqual(feed_zig.Totals{ .frames = 1 }, feed.totals);
}

test "a long frame that comes byte by byte is searched once" {
    const mib = std.fmt.comptimePrint("{d}", .{bytes_max});
    const cases = [_]Long{
        .{ .framer = .{ .kind = .lines }, .poison = '\n', .tail = "\n" },
        .{ .framer = .{ .kind = .delimiter, .delimiter_length = 1, .delimiter = "|.......".* }, .poison = '|', .tail = "|" },
        .{ .framer = .{ .kind = .slip }, .poison = 0xc0, .tail = "\xc0" },
        .{ .framer = .{ .kind = .resp }, .head = "+", .poison = '\n', .tail = "\r\n" },
        .{ .framer = .{ .kind = .nats }, .poison = '\n', .tail = "\r\n" },
        // Their length is known, so that nothing is searched at all.
        .{ .framer = .{ .kind = .resp }, .head = "*2\r\n:1\r\n$" ++ mib ++ "\r\n", .poison = '\n', .tail = "\r\n" },
        .{ .framer = .{ .kind = .nats }, .head = "MSG a 1 " ++ mib ++ "\r\n", .poison = '\n', .tail = "\r\n" },
        .{ .framer = .{ .kind = .octet_counting }, .head = std.fmt.comptimePrint("{d} ", .{bytes_max + 1}), .tail = "x" },
        .{ .framer = .{ .kind = .netstring }, .head = mib ++ ":", .poison = ',', .tail = "," },
        .{ .framer = .{ .kind = .varint_length }, .head = "\x81\x80\x40", .tail = "x" },
        .{ .framer = .{ .kind = .length_field }, .head = "\x00\x10\x00\x01", .tail = "x" },
    };
    for (cases) |case| try expectOneLook(case);
}

test "a long COBS packet that comes byte by byte is searched once" {
    // Its codes are followed at the end, so only the bytes between them may change.
    var framer: abi.Framer = .{ .kind = .cobs, .max_frame_length = 2 * bytes_max };
    framer_zig.init(&framer);
    var feed: Feed = try .init(std.testing.allocator, framer, 3 * bytes_max, 4);
    defer feed.deinit();
    for (0..bytes_max) |i| {
        const is_code = i % 0xff == 0;
        try feed.push(&.{0xff});
        if (!is_code) feed.slab[feed.end - 1] = 0;
    }
    const last_block = bytes_max % 0xff;
    feed.slab[bytes_max - last_block] = last_block;
    try feed.push("\x00");
    try std.testing.expectEqual(feed_zig.Totals{ .frames = 1 }, feed.totals);
}

test "a RESP value of a MiB of small values is read once" {
    // Values behind one another; a poisoned one would be a bad type.
    var framer: abi.Framer = .{ .kind = .resp, .max_frame_length = 2 * bytes_max };
    framer_zig.init(&framer);
    var feed: Feed = try .init(std.testing.allocator, framer, 3 * bytes_max, 4);
    defer feed.deinit();
    const value = "*1\r\n$1\r\nx\r\n";
    const count = bytes_max / value.len;
    var header: [16]u8 = undefined;
    try feed.push(try std.fmt.bufPrint(&header, "*{d}\r\n", .{count}));
    for (0..count) |_| {
        for (value) |byte| try feed.push(&.{byte});
        @memset(feed.slab[feed.end - value.len .. feed.end], '?');
    }
    try std.testing.expectEqual(feed_zig.Totals{ .frames = 1 }, feed.totals);
}
