//! Writes frames of every kind, plainly: the other side of the framer.

const std = @import("std");
const abi = @import("../abi.zig");
const verify = @import("../verify.zig");
const Tape = @import("tape.zig").Tape;

pub const Stream = struct {
    allocator: std.mem.Allocator,
    bytes: std.ArrayList(u8) = .empty,

    pub fn byte(stream: *Stream, value: u8) !void {
        try stream.bytes.append(stream.allocator, value);
    }

    pub fn put(stream: *Stream, bytes: []const u8) !void {
        try stream.bytes.appendSlice(stream.allocator, bytes);
    }

    pub fn print(stream: *Stream, comptime format: []const u8, values: anytype) !void {
        var buffer: [64]u8 = undefined;
        try stream.put(try std.fmt.bufPrint(&buffer, format, values));
    }
};

/// One frame around `payload`; `tape` decides what the payload leaves open.
pub fn encode(stream: *Stream, framer: *const abi.Framer, payload: []const u8, tape: *Tape) !void {
    switch (framer.kind) {
        .length_field => try lengthField(stream, framer, payload),
        .varint_length => try varintLength(stream, payload),
        .fixed_length => try fixedLength(stream, framer, payload),
        .delimiter => {
            try stream.put(payload);
            try stream.put(framer.delimiter[0..framer.delimiter_length]);
        },
        .lines => {
            try stream.put(payload);
            try stream.put(if (tape.chance(2)) "\r\n" else "\n");
        },
        .octet_counting => {
            try stream.print("{d} ", .{payload.len});
            try stream.put(payload);
        },
        .netstring => {
            try stream.print("{d}:", .{payload.len});
            try stream.put(payload);
            try stream.byte(',');
        },
        .slip => try slip(stream, payload),
        .cobs => try cobs(stream, payload),
        .beast => try beast(stream, payload, tape),
        .resp => try resp(stream, payload, tape, 0),
        .nats => try nats(stream, payload, tape),
        .raw => try stream.put(payload),
    }
}

fn lengthField(stream: *Stream, framer: *const abi.Framer, payload: []const u8) !void {
    const start = stream.bytes.items.len;
    const offset = framer.length_field_offset;
    const width = framer.length_field_length;
    const magic = framer.magic[0..@min(framer.magic_length, offset)];
    try stream.put(magic);
    for (magic.len..offset) |_| try stream.byte(0xca);
    const value = @as(i64, @intCast(payload.len + verify.checksumBytes(framer))) - framer.length_adjustment;
    try number(stream, @bitCast(value), width, framer.byte_order);
    try stream.put(payload);
    try checksum(stream, framer, start);
}

fn fixedLength(stream: *Stream, framer: *const abi.Framer, payload: []const u8) !void {
    const start = stream.bytes.items.len;
    try stream.put(framer.magic[0..framer.magic_length]);
    const end = framer.frame_length -| verify.checksumBytes(framer);
    for (framer.magic_length..@max(end, framer.magic_length)) |i| {
        try stream.byte(if (i < payload.len) payload[i] else 0);
    }
    try checksum(stream, framer, start);
}

fn checksum(stream: *Stream, framer: *const abi.Framer, start: usize) !void {
    const value = verify.compute(framer, stream.bytes.items[start..]);
    try number(stream, value, verify.checksumBytes(framer), framer.checksum_order);
}

fn number(stream: *Stream, value: u64, width: u32, order: abi.ByteOrder) !void {
    for (0..width) |i| {
        const place = if (order == .little) i else width - 1 - i;
        try stream.byte(@truncate(value >> @intCast(8 * place)));
    }
}

fn varintLength(stream: *Stream, payload: []const u8) !void {
    var value = payload.len;
    while (value >= 0x80) : (value >>= 7) try stream.byte(@as(u8, @truncate(value)) | 0x80);
    try stream.byte(@intCast(value));
    try stream.put(payload);
}

pub fn slip(stream: *Stream, payload: []const u8) !void {
    for (payload) |byte| switch (byte) {
        0xc0 => try stream.put("\xdb\xdc"),
        0xdb => try stream.put("\xdb\xdd"),
        else => try stream.byte(byte),
    };
    try stream.byte(0xc0);
}

pub fn cobs(stream: *Stream, payload: []const u8) !void {
    var left = payload;
    while (true) {
        const zero = std.mem.findScalar(u8, left, 0) orelse left.len;
        const length = @min(zero, 254);
        try stream.byte(@intCast(length + 1));
        try stream.put(left[0..length]);
        if (length == left.len) break;
        left = left[if (length == 254) length else length + 1..];
    }
    try stream.byte(0);
}

/// What of `payload` a Beast frame takes, its type before it.
fn beast(stream: *Stream, payload: []const u8, tape: *Tape) !void {
    const kind = 1 + tape.below(4);
    try stream.byte(0x1a);
    try stream.byte(@intCast('0' + kind));
    const body: usize = switch (kind) {
        1 => 9,
        2 => 14,
        else => 21,
    };
    for (0..body) |i| {
        const byte = if (i < payload.len) payload[i] else 0;
        try stream.byte(byte);
        if (byte == 0x1a) try stream.byte(byte);
    }
}

const RespError = error{ OutOfMemory, NoSpaceLeft };

/// A value; aggregates only within a few levels, so that it ends.
fn resp(stream: *Stream, payload: []const u8, tape: *Tape, depth: u32) RespError!void {
    const simple = 8;
    switch (tape.below(if (depth < 4) simple + 6 else simple)) {
        0 => {
            try stream.print("{c}{d}\r\n", .{ tape.pick(u8, "$!="), payload.len });
            try stream.put(payload);
            try stream.put("\r\n");
        },
        1 => try stream.put("+OK\r\n"),
        2 => try stream.put("-ERR no\r\n"),
        3 => try stream.put(":12\r\n"),
        4 => try stream.put("$-1\r\n"),
        5 => try stream.put("*-1\r\n"),
        6 => try stream.print("{c}x\r\n", .{tape.pick(u8, "_,#(")}),
        7 => {
            try stream.print("$?\r\n;{d}\r\n", .{payload.len});
            if (payload.len > 0) {
                try stream.put(payload);
                try stream.put("\r\n;0\r\n");
            }
        },
        8, 9 => try aggregate(stream, payload, tape, depth, tape.pick(u8, "*~>"), 1),
        10 => try aggregate(stream, payload, tape, depth, '%', 2),
        11 => {
            try aggregate(stream, payload, tape, depth, '|', 2);
            try resp(stream, payload, tape, depth + 1);
        },
        12 => {
            try stream.print("{c}?\r\n", .{tape.pick(u8, "*~%")});
            for (0..tape.below(3)) |_| try resp(stream, payload, tape, depth + 1);
            try stream.put(".\r\n");
        },
        else => {
            for (0..33) |_| try stream.put("*1\r\n");
            try stream.put(":1\r\n");
        },
    }
}

fn aggregate(stream: *Stream, payload: []const u8, tape: *Tape, depth: u32, kind: u8, values: u32) RespError!void {
    const count = tape.below(4);
    try stream.print("{c}{d}\r\n", .{ kind, count });
    for (0..count * values) |_| try resp(stream, payload, tape, depth + 1);
}

fn nats(stream: *Stream, payload: []const u8, tape: *Tape) !void {
    switch (tape.below(5)) {
        0 => try stream.put("PING\r\n"),
        1 => try stream.put("+OK\n"),
        2 => {
            try stream.put(payload);
            try stream.put("\r\n");
        },
        else => {
            try stream.put(tape.pick([]const u8, &.{ "MSG a 1 ", "hmsg\ta 1  2 " }));
            try stream.print("{d}\r\n", .{payload.len});
            try stream.put(payload);
            try stream.put("\r\n");
        },
    }
}
