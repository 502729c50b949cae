//! Length field, with the meaning of Netty's LengthFieldBasedFrameDecoder.
//!
//!   BEFORE, offset 1, width 2, adjustment 1, strip 3    AFTER
//!   ┌──────┬────────┬──────┬────────────────┐           ┌──────┬────────────────┐
//!   │ HDR1 │ Length │ HDR2 │ Actual Content │    ──▶    │ HDR2 │ Actual Content │
//!   │ 0xCA │ 0x000C │ 0xFE │ "HELLO, WORLD" │           │ 0xFE │ "HELLO, WORLD" │
//!   └──────┴────────┴──────┴────────────────┘           └──────┴────────────────┘
//!   frame length = offset + width + value + adjustment, bounded before stripping

const std = @import("std");
const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const verify = @import("../verify.zig");

const Framer = abi.Framer;

/// Width and byte order of the field.
pub const Shape = struct { width: u32, order: abi.ByteOrder };

/// The usual shapes at compile time, where a frame costs a nanosecond or two;
/// `null` takes any at run time, with magic and checksum.
pub fn LengthField(comptime shape: ?Shape) type {
    return struct {
        pub const stores_raw = false;

        /// The field as it lies in memory, unswapped; the value itself for any shape.
        const Field = if (shape) |known| @Int(.unsigned, known.width * 8) else u64;

        inline fn width(framer: *const Framer) u32 {
            return if (shape) |known| known.width else framer.length_field_length;
        }

        inline fn raw(bytes: [*]const u8) Field {
            return @bitCast(bytes[0..@sizeOf(Field)].*);
        }

        inline fn field(framer: *const Framer, bytes: [*]const u8) Field {
            if (shape != null) return raw(bytes);
            return verify.readUnsigned(bytes[0..framer.length_field_length], framer.byte_order);
        }

        inline fn valueOf(stored: Field) u64 {
            const known = shape orelse return stored;
            return if (known.order == .little) stored else @byteSwap(stored);
        }

        pub inline fn next(framer: *Framer, bytes: []u8) driver.Step {
            if (shape == null) {
                if (verify.checkMagic(framer, bytes)) |invalid| return .{ .invalid = invalid };
            }
            const header = framer.length_field_offset + width(framer);
            // A magic longer than the header goes first, in whatever chunks it comes.
            const known = if (shape == null) @max(header, framer.magic_length) else header;
            if (bytes.len < known) return .partial;
            const value = valueOf(field(framer, bytes.ptr + framer.length_field_offset));
            // Above this the sum below could overflow, and no frame is that long.
            if (value > std.math.maxInt(i64) / 2) return .{ .invalid = .{
                .violation = .length_overflow,
                .at = framer.length_field_offset,
                .expected = framer.max_frame_length,
                .actual = value,
                .discard = if (shape == null and framer.magic_length > 0) 0 else header,
            } };
            const length = @as(i64, @intCast(value)) + framer.length_adjustment + header;
            if (length < header or length > framer.max_frame_length) return rejected(framer, header, length);
            const frame_length: u32 = @intCast(length);
            if (bytes.len < frame_length) return .partial;
            if (framer.initial_bytes_to_strip > frame_length) return .{ .invalid = .{
                .violation = .strip_exceeds_frame,
                .expected = framer.initial_bytes_to_strip,
                .actual = frame_length,
                .discard = if (shape == null and framer.magic_length > 0) 0 else frame_length,
            } };
            if (shape == null) {
                if (verify.checkSum(framer, bytes[0..frame_length])) |invalid| return .{ .invalid = invalid };
            }
            return .{ .frame = .{
                .start = framer.initial_bytes_to_strip,
                .length = frame_length - framer.initial_bytes_to_strip,
                .raw_length = frame_length,
            } };
        }

        noinline fn rejected(framer: *Framer, header: u32, length: i64) driver.Step {
            const below = length < header;
            const by_magic = shape == null and framer.magic_length > 0;
            return .{
                .invalid = .{
                    .violation = if (length < 0) .length_negative else if (below) .length_below_header else .frame_too_long,
                    .at = framer.length_field_offset,
                    .expected = if (below) header else framer.max_frame_length,
                    .actual = @bitCast(length),
                    // With a magic a wrong length is more likely garbage than a long frame.
                    .discard = if (by_magic) 0 else if (below) header else @intCast(length),
                },
            };
        }

        pub fn resync(framer: *Framer, bytes: []u8) driver.Found {
            return if (shape == null) verify.findMagic(framer, bytes) else .{ .skip = 0, .found = true };
        }

        /// Takes frame after frame while nothing is wrong with them; the first that
        /// is not whole or not valid is left to `next`.
        pub inline fn run(framer: *Framer, cursor: *driver.Cursor, frame: driver.Frame) void {
            if (framer.magic_length > 0 or framer.checksum != .none) return;
            // A copy whose address nobody has, so that it lives in registers.
            var c = cursor.*;
            defer cursor.* = c;
            const at = framer.length_field_offset;
            const header = at + width(framer);
            const least: i64 = @max(header, framer.initial_bytes_to_strip);
            const most: i64 = framer.max_frame_length;
            const beside: i64 = @as(i64, framer.length_adjustment) + header;
            var last = frame;
            var last_field = field(framer, c.bytes + c.position - last.raw_length + at);
            while (c.count < c.capacity and c.end - c.position >= header) {
                const this_field = field(framer, c.bytes + c.position + at);
                const value = valueOf(this_field);
                if (value > std.math.maxInt(i64) / 2) return;
                const length = @as(i64, @intCast(value)) + beside;
                if (length < least or length > most or length > c.end - c.position) return;
                const raw_length: u32 = @intCast(length);
                last = .{ .start = frame.start, .length = raw_length - frame.start, .raw_length = raw_length };
                c.emit(stores_raw, last);
                if (shape != null and this_field == last_field) {
                    const frames = repeat(c.bytes + c.position, c.end - c.position, this_field, last, at, &c);
                    c.count += frames;
                    c.position += frames * raw_length;
                }
                last_field = this_field;
            }
        }

        /// Feeds repeat lengths. Four headers that equal the last one make four
        /// frames without waiting for any of their values. A function of its own:
        /// its loop needs all registers, and V8 optimises it by itself.
        noinline fn repeat(bytes: [*]const u8, available: u32, expected: Field, frame: driver.Frame, at: u32, c: *const driver.Cursor) u32 {
            const length = frame.raw_length;
            const offsets = c.offsets + c.count;
            const lengths = c.lengths + c.count;
            const groups = (c.capacity - c.count) / 4;
            const step: @Vector(4, u32) = .{ 0, length, 2 * length, 3 * length };
            const four: @Vector(4, u32) = @splat(4 * length);
            var places = @as(@Vector(4, u32), @splat(c.position + frame.start)) + step;
            // Through memory, or LLVM would store four equal words one by one.
            var splat: @Vector(4, u32) = @splat(frame.length);
            const same = @as(*volatile @Vector(4, u32), &splat).*;
            var field_at = bytes + at;
            var left = available;
            var group: u32 = 0;
            while (group < groups and left / 4 >= length) : (group += 1) {
                const differ = (raw(field_at) ^ expected) | (raw(field_at + length) ^ expected) |
                    (raw(field_at + 2 * length) ^ expected) | (raw(field_at + 3 * length) ^ expected);
                if (differ != 0) break;
                offsets[4 * group ..][0..4].* = places;
                lengths[4 * group ..][0..4].* = same;
                places += four;
                field_at += 4 * length;
                left -= 4 * length;
            }
            return 4 * group;
        }
    };
}
