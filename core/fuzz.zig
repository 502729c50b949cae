//! Fuzzes every framing: a random configuration, a stream of valid frames, a few
//! changes to it. Fed whole and in random chunks it must give the same, and what
//! `Feed` checks must hold.
//!
//!   zig build fuzz -- RUNS [SEED]   as many streams, the same for the same seed
//!   zig build test --fuzz=RUNS      led by coverage

const std = @import("std");
const abi = @import("abi.zig");
const framer_zig = @import("framer.zig");
const feed_zig = @import("tests/feed.zig");
const encode = @import("tests/encode.zig");
const Tape = @import("tests/tape.zig").Tape;

const Feed = feed_zig.Feed;

const tape_bytes_max = 1024;
const stream_bytes_max = 4096;

/// All a run allocates; nothing of it outlives the run.
var memory: [1 << 20]u8 = undefined;

fn run(tape: *Tape) !void {
    var fixed: std.heap.FixedBufferAllocator = .init(&memory);
    const allocator = fixed.allocator();
    var framer = configure(tape);
    framer_zig.init(&framer);

    var stream: encode.Stream = .{ .allocator = allocator };
    try write(&stream, &framer, tape);
    const bytes = stream.bytes.items;

    var whole: Feed = try .init(allocator, framer, stream_bytes_max + feed_zig.longestRaw(&framer), 2048);
    try whole.push(bytes);

    // A slab hardly longer than a frame, and an index of its own size.
    const slab_bytes = feed_zig.longestRaw(&framer) + tape.below(64);
    var chunked: Feed = try .init(allocator, framer, slab_bytes, 1 + tape.below(8));
    const longest = tape.pick(u32, &.{ 1, 2, 7, 32, 200 });
    var at: usize = 0;
    while (at < bytes.len) {
        const end = @min(bytes.len, at + 1 + tape.below(longest));
        try chunked.push(bytes[at..end]);
        at = end;
    }
    // What a chunk brought is a raw frame, so only the bytes are the same.
    if (framer.kind == .raw) {
        return std.testing.expectEqualSlices(u8, whole.payload.items, chunked.payload.items);
    }
    try feed_zig.expectSame(&whole, &chunked);
}

fn configure(tape: *Tape) abi.Framer {
    var framer: abi.Framer = .{
        .kind = tape.choice(abi.Kind),
        .on_invalid = tape.choice(abi.OnInvalid),
        .max_frame_length = 1 + tape.below(tape.pick(u32, &.{ 4, 32, 300 })),
    };
    switch (framer.kind) {
        .length_field => {
            framer.length_field_offset = tape.below(10);
            framer.length_field_length = tape.pick(u32, &.{ 1, 2, 3, 4, 8 });
            framer.length_adjustment = @as(i32, @intCast(tape.below(16))) - 10;
            framer.initial_bytes_to_strip = tape.below(12);
            framer.byte_order = tape.choice(abi.ByteOrder);
            framer.max_frame_length += framer.length_field_offset + framer.length_field_length;
            resync(&framer, tape, framer.magic.len);
        },
        .fixed_length => {
            framer.frame_length = framer.max_frame_length;
            resync(&framer, tape, @min(framer.frame_length, framer.magic.len));
        },
        .delimiter => {
            framer.delimiter_length = 1 + tape.below(framer.delimiter.len);
            for (framer.delimiter[0..framer.delimiter_length]) |*byte| byte.* = tape.pick(u8, "\r\nab");
        },
        else => {},
    }
    framer.keep_delimiter = tape.below(2);
    return framer;
}

fn resync(framer: *abi.Framer, tape: *Tape, magic_max: u32) void {
    if (tape.chance(2)) {
        framer.magic_length = 1 + tape.below(magic_max);
        for (framer.magic[0..framer.magic_length]) |*byte| byte.* = tape.pick(u8, "ab");
    }
    if (tape.chance(2)) {
        framer.checksum = tape.choice(abi.Checksum);
        framer.checksum_order = tape.choice(abi.ByteOrder);
    }
}

fn write(stream: *encode.Stream, framer: *const abi.Framer, tape: *Tape) !void {
    for (0..tape.below(12)) |_| {
        var payload: [512]u8 = undefined;
        const length = tape.below(framer.max_frame_length + 1 + @intFromBool(tape.chance(8)));
        // Equal bytes in a row, with bytes that mean something anywhere or at the front.
        @memset(payload[0..length], tape.byte());
        for (0..@min(length, tape.below(8))) |_| {
            const span = if (tape.chance(2)) @min(length, 8) else length;
            payload[tape.below(span)] = special(framer.kind, tape);
        }
        // Feeds repeat lengths, and there is a loop for that.
        const times = if (tape.chance(3)) 1 + tape.below(12) else 1;
        for (0..times) |_| try encode.encode(stream, framer, payload[0..length], tape);
        if (stream.bytes.items.len > stream_bytes_max / 2) break;
    }
    const mutations: u32 = if (tape.chance(2)) 1 + tape.below(6) else 0;
    for (0..mutations) |_| try mutate(stream, framer.kind, tape);
    stream.bytes.items.len = @min(stream.bytes.items.len, stream_bytes_max);
}

/// Mostly a byte the framing looks for.
fn special(kind: abi.Kind, tape: *Tape) u8 {
    if (tape.chance(4)) return tape.byte();
    return tape.pick(u8, switch (kind) {
        .length_field, .varint_length, .fixed_length, .raw => "\x00\x01\x02\x7f\x80\xffab",
        .delimiter, .lines => "\r\nab",
        .octet_counting => "0123456789 ",
        .netstring => "0123456789:,",
        .slip => "\xc0\xdb\xdc\xdd",
        .cobs => "\x00\x01\x02\xff",
        .beast => "\x1a\x1a1234",
        .resp => "\r\n0123456789-?+:$;*%~>|.",
        .nats => "\r\n\t 0123456789MSGmsg",
    });
}

fn mutate(stream: *encode.Stream, kind: abi.Kind, tape: *Tape) !void {
    const list = &stream.bytes;
    const length: u32 = @intCast(list.items.len);
    const at = tape.below(length + 1);
    switch (tape.below(5)) {
        0 => if (at < length) {
            list.items[at] = special(kind, tape);
        },
        1 => try list.insert(stream.allocator, at, special(kind, tape)),
        2 => if (at < length) {
            _ = list.orderedRemove(at);
        },
        3 => if (at < length) {
            list.items[at] ^= @as(u8, 1) << @intCast(tape.below(8));
        },
        else => for (0..tape.below(40)) |_| try list.insert(stream.allocator, at, special(kind, tape)),
    }
}

test "every framing, led by coverage" {
    try std.testing.fuzz({}, fuzzOne, .{});
}

fn fuzzOne(_: void, smith: *std.testing.Smith) !void {
    var bytes: [tape_bytes_max]u8 = undefined;
    var tape: Tape = .{ .bytes = bytes[0..smith.slice(&bytes)] };
    try run(&tape);
}

test "every framing, a thousand seeded streams" {
    for (0..1000) |seed| try runSeed(seed);
}

/// The stream a panic is about.
var current_seed: u64 = 0;

fn runSeed(seed: u64) !void {
    current_seed = seed;
    var bytes: [tape_bytes_max]u8 = undefined;
    var prng: std.Random.DefaultPrng = .init(seed);
    prng.random().bytes(&bytes);
    var tape: Tape = .{ .bytes = &bytes };
    errdefer std.debug.print("failed with seed {d}\n", .{seed});
    try run(&tape);
}

pub const panic = std.debug.FullPanic(panicWithSeed);

fn panicWithSeed(message: []const u8, address: ?usize) noreturn {
    std.debug.print("trapped with seed {d}\n", .{current_seed});
    std.debug.defaultPanic(message, address);
}

/// Run as a program: RUNS streams from SEED on, else from the time of day.
pub fn main(init: std.process.Init) !void {
    const args = try init.minimal.args.toSlice(init.arena.allocator());
    const runs = try std.fmt.parseInt(u64, if (args.len > 1) args[1] else "100000", 10);
    const first = if (args.len > 2)
        try std.fmt.parseInt(u64, args[2], 10)
    else
        @as(u64, @intCast(std.Io.Clock.real.now(init.io).toMilliseconds()));
    std.debug.print("{d} streams from seed {d} on\n", .{ runs, first });
    for (0..runs) |i| try runSeed(first +% i);
    std.debug.print("no difference, no trap\n", .{});
}
