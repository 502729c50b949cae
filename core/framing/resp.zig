//! Redis serialisation protocol, RESP2 and RESP3: one whole top-level value a frame.
//!
//!   ┌──────┬──────────┬────────────┬────────┐
//!   │ *2\r\n │ $3\r\nABC\r\n │ %1\r\n+k\r\n:1\r\n │ +OK\r\n │   two frames, kept whole
//!   └──────┴──────────┴────────────┴────────┘
//!
//! No recursion: `framer.remaining` holds what each of the `framer.depth` open
//! aggregates still lacks, `framer.expect` what may come at `framer.searched`.
//! A header has at most 14 bytes, so a partial one is read again; bulk data are
//! skipped by their length.

const std = @import("std");
const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const limits = @import("../limits.zig");
const resync_zig = @import("../resync.zig");
const scan = @import("../scan.zig");

const Framer = abi.Framer;

/// Most elements an aggregate may announce; RESP's integers are signed.
const elements_max = std.math.maxInt(i32);

/// In `remaining`: the level is an attribute, which belongs to the value behind it.
const attribute_bit: u32 = 1 << 31;

/// In `remaining`: the level ends at a ".". No attribute looks like it, theirs are even.
const streamed = std.math.maxInt(u32);

pub const Resp = struct {
    pub const stores_raw = true;

    pub fn next(framer: *Framer, bytes: []u8) driver.Step {
        const max = framer.max_frame_length;
        // What lies behind the longest value is never looked at, so that it
        // makes no difference whether it is here yet.
        const view = bytes[0..@min(bytes.len, max)];
        var reached: u32 = 0;
        while (true) {
            switch (element(framer, view)) {
                .behind => |at| {
                    // INVARIANT: an element has at least a byte.
                    if (abi.shared_memory and at <= reached) @trap();
                    reached = at;
                    framer.searched = at;
                },
                .partial => return if (bytes.len > max) tooLong(framer, max, @as(u64, max) + 1) else .partial,
                .invalid => |invalid| return .{ .invalid = invalid },
            }
            if (framer.depth == 0 and framer.expect == .value_or_end) {
                const length = framer.searched;
                return .{ .frame = .{ .start = 0, .length = length, .raw_length = length } };
            }
        }
    }

    pub fn resync(_: *Framer, bytes: []u8) driver.Found {
        return resync_zig.behind(bytes, "\n");
    }
};

const Element = union(enum) {
    /// The position behind it.
    behind: u32,
    partial,
    invalid: driver.Invalid,
};

/// Reads one scalar, or the header that opens an aggregate.
fn element(framer: *Framer, view: []const u8) Element {
    const at = framer.searched;
    if (framer.expect == .line_end) return line(framer, view, at);
    if (at == view.len) return .partial;
    const kind = view[at];
    if ((framer.expect == .part) != (kind == ';')) return badType(at, kind);
    return switch (kind) {
        '+', '-', ':', '_', ',', '#', '(' => line(framer, view, at + 1),
        '$', '!', '=' => bulk(framer, view, at),
        ';' => part(framer, view, at),
        '*', '~', '%', '>', '|' => aggregate(framer, view, at),
        '.' => streamEnd(framer, view, at),
        else => badType(at, kind),
    };
}

/// The rest of a line whose content says nothing about the frame.
fn line(framer: *Framer, view: []const u8, from: u32) Element {
    const at = scan.findByte(view, from, '\n') orelse {
        framer.expect = .line_end;
        framer.searched = @intCast(view.len);
        return .partial;
    };
    if (view[at - 1] != '\r') return badByte(at - 1, '\r', view[at - 1]);
    complete(framer);
    return .{ .behind = at + 1 };
}

fn bulk(framer: *Framer, view: []const u8, at: u32) Element {
    const number = switch (readNumber(framer, view, at)) {
        .number => |number| number,
        .other => |other| return other,
    };
    if (number.streamed) {
        if (lineFeed(view, number.end)) |other| return other;
        framer.expect = .part;
        return .{ .behind = number.end };
    }
    if (number.is_null) {
        if (lineFeed(view, number.end)) |other| return other;
        complete(framer);
        return .{ .behind = number.end };
    }
    return data(framer, view, at, number);
}

fn data(framer: *Framer, view: []const u8, at: u32, number: Number) Element {
    const end = number.end + number.value + 2;
    if (end > framer.max_frame_length) {
        return .{ .invalid = tooLong(framer, at + 1, end).invalid };
    }
    if (lineFeed(view, number.end)) |other| return other;
    if (lineEnd(view, @intCast(end))) |other| return other;
    if (framer.expect != .part) complete(framer);
    return .{ .behind = @intCast(end) };
}

fn part(framer: *Framer, view: []const u8, at: u32) Element {
    const number = switch (readNumber(framer, view, at)) {
        .number => |number| number,
        .other => |other| return other,
    };
    if (number.value > 0) return data(framer, view, at, number);
    if (lineFeed(view, number.end)) |other| return other;
    complete(framer);
    return .{ .behind = number.end };
}

fn aggregate(framer: *Framer, view: []const u8, at: u32) Element {
    const kind = view[at];
    const number = switch (readNumber(framer, view, at)) {
        .number => |number| number,
        .other => |other| return other,
    };
    const elements = if (kind == '%' or kind == '|') number.value * 2 else number.value;
    if (elements > elements_max) return .{ .invalid = .{
        .violation = .length_overflow,
        .at = at + 1,
        .expected = elements_max,
        .actual = elements,
    } };
    const opens = number.streamed or elements > 0;
    if (opens and framer.depth >= limits.resp_depth_max) return .{ .invalid = .{
        .violation = .too_deep,
        .at = at,
        .expected = limits.resp_depth_max,
        .actual = limits.resp_depth_max + 1,
    } };
    if (lineFeed(view, number.end)) |other| return other;
    if (opens) {
        const count: u32 = @intCast(elements);
        framer.remaining[framer.depth] = if (number.streamed) streamed else if (kind == '|') count | attribute_bit else count;
        framer.depth += 1;
        framer.expect = .value_or_end;
    } else if (kind == '|') {
        framer.expect = .value;
    } else complete(framer);
    return .{ .behind = number.end };
}

fn streamEnd(framer: *Framer, view: []const u8, at: u32) Element {
    const open = framer.depth > 0 and framer.remaining[framer.depth - 1] == streamed;
    if (!open or framer.expect == .value) return badType(at, '.');
    if (lineEnd(view, at + 3)) |other| return other;
    framer.depth -= 1;
    complete(framer);
    return .{ .behind = at + 3 };
}

/// A value is complete, and with it every aggregate that lacked only this one.
fn complete(framer: *Framer) void {
    framer.expect = .value_or_end;
    while (framer.depth > 0) {
        const level = &framer.remaining[framer.depth - 1];
        if (level.* == streamed) return;
        level.* -= 1;
        if (level.* & ~attribute_bit != 0) return;
        framer.depth -= 1;
        if (level.* == attribute_bit) {
            framer.expect = .value;
            return;
        }
    }
}

/// The number in a header, whose "\r" is at `end - 2`.
const Number = struct {
    value: u64 = 0,
    is_null: bool = false,
    streamed: bool = false,
    end: u32,
};

const NumberOr = union(enum) { number: Number, other: Element };

/// Reads up to the "\r"; the number is judged before what comes behind it.
fn readNumber(framer: *const Framer, view: []const u8, at: u32) NumberOr {
    const kind = view[at];
    const start = at + 1;
    if (start < view.len and view[start] == '?' and streams(kind)) {
        if (start + 1 == view.len) return .{ .other = .partial };
        if (view[start + 1] != '\r') return .{ .other = badByte(start + 1, '\r', view[start + 1]) };
        return .{ .number = .{ .streamed = true, .end = start + 3 } };
    }
    const negative = start < view.len and view[start] == '-';
    const first = start + @intFromBool(negative);
    var value: u64 = 0;
    var i = first;
    while (i < view.len) : (i += 1) {
        const byte = view[i];
        if (byte == '\r' and i > first) break;
        if (byte < '0' or byte > '9') {
            return .{ .other = .{ .invalid = .{ .violation = .bad_digit, .at = i, .actual = byte } } };
        }
        value = value * 10 + (byte - '0');
        if (i - first < limits.length_digits_max) continue;
        return .{ .other = if (negative) belowZero(start, value) else tooManyDigits(framer, kind, i, value) };
    } else return .{ .other = .partial };
    const is_null = negative and value == 1 and i == first + 1 and (kind == '$' or kind == '*');
    if (negative and !is_null) return .{ .other = belowZero(start, value) };
    return .{ .number = .{ .value = if (is_null) 0 else value, .is_null = is_null, .end = i + 2 } };
}

fn streams(kind: u8) bool {
    return switch (kind) {
        '$', '*', '~', '%' => true,
        else => false,
    };
}

fn belowZero(at: u32, value: u64) Element {
    return .{ .invalid = .{ .violation = .length_negative, .at = at, .actual = -%value } };
}

noinline fn tooManyDigits(framer: *const Framer, kind: u8, at: u32, value: u64) Element {
    return switch (kind) {
        '$', '!', '=', ';' => .{ .invalid = tooLong(framer, at, value).invalid },
        else => .{ .invalid = .{
            .violation = .length_overflow,
            .at = at,
            .expected = elements_max,
            .actual = value,
        } },
    };
}

/// What is wrong with the "\r\n" that ends at `end`, byte by byte.
fn lineEnd(view: []const u8, end: u32) ?Element {
    if (view.len < end - 1) return .partial;
    if (view[end - 2] != '\r') return badByte(end - 2, '\r', view[end - 2]);
    return lineFeed(view, end);
}

fn lineFeed(view: []const u8, end: u32) ?Element {
    if (view.len < end) return .partial;
    if (view[end - 1] != '\n') return badByte(end - 1, '\n', view[end - 1]);
    return null;
}

fn badByte(at: u32, expected: u8, actual: u8) Element {
    return .{ .invalid = .{ .violation = .bad_byte, .at = at, .expected = expected, .actual = actual } };
}

fn badType(at: u32, kind: u8) Element {
    return .{ .invalid = .{ .violation = .bad_type, .at = at, .actual = kind } };
}

noinline fn tooLong(framer: *const Framer, at: u32, length: u64) driver.Step {
    return .{ .invalid = .{
        .violation = .frame_too_long,
        .at = at,
        .expected = framer.max_frame_length,
        .actual = length,
    } };
}
