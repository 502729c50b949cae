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

/// Comptime width and byte order for plain frames, where each frame costs a few
/// nanoseconds; `verified` ones (magic, checksum) take both at run time.
pub fn LengthField(comptime comptime_width: u32, comptime comptime_order: abi.ByteOrder, comptime verified: bool) type {
    return struct {
        pub const stores_raw = false;

        /// The field as it lies in memory, unswapped.
        const Field = @Int(.unsigned, comptime_width * 8);

        inline fn field(bytes: [*]const u8) Field {
            return @bitCast(bytes[0..comptime_width].*);
        }

        inline fn read(framer: *const Framer, bytes: [*]const u8) u64 {
            if (verified) return verify.readUnsigned(bytes[0..framer.length_field_length], framer.byte_order);
            return if (comptime_order == .little) field(bytes) else @byteSwap(field(bytes));
        }

        pub inline fn next(framer: *Framer, bytes: []u8) driver.Step {
            if (verified) {
                if (verify.checkMagic(framer, bytes)) |invalid| return .{ .invalid = invalid };
            }
            const header = framer.length_field_offset + if (verified) framer.length_field_length else comptime_width;
            // A magic longer than the header goes first, in whatever chunks it comes.
            const known = if (verified) @max(header, framer.magic_length) else header;
            if (bytes.len < known) return .partial;
            const value = read(framer, bytes.ptr + framer.length_field_offset);
            // Above this the sum below could overflow, and no frame is that long.
            if (value > std.math.maxInt(i64) / 2) return .{ .invalid = .{
                .violation = .length_overflow,
                .at = framer.length_field_offset,
                .expected = framer.max_frame_length,
                .actual = value,
                .discard = if (verified and framer.magic_length > 0) 0 else header,
            } };
            const length = @as(i64, @intCast(value)) + framer.length_adjustment + header;
            if (length < header or length > framer.max_frame_length) return rejected(framer, header, length);
            const frame_length: u32 = @intCast(length);
            if (bytes.len < frame_length) return .partial;
            if (framer.initial_bytes_to_strip > frame_length) return .{ .invalid = .{
                .violation = .strip_exceeds_frame,
                .expected = framer.initial_bytes_to_strip,
                .actual = frame_length,
                .discard = if (verified and framer.magic_length > 0) 0 else frame_length,
            } };
            if (verified) {
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
            const by_magic = verified and framer.magic_length > 0;
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
            return if (verified) verify.findMagic(framer, bytes) else .{ .skip = 0, .found = true };
        }

        /// Feeds repeat lengths. Four headers that equal the last one make four
        /// frames without waiting for any of their values.
        pub inline fn run(framer: *Framer, c: *driver.Cursor, frame: driver.Frame) void {
            if (verified) return;
            const length = frame.raw_length;
            const at = framer.length_field_offset;
            const expected = field(c.bytes + c.position - length + at);
            const step: @Vector(4, u32) = .{ 0, length, 2 * length, 3 * length };
            // A loop bound in u64: four frames may be longer than a u32 can tell.
            while (c.position + 4 * @as(u64, length) <= c.end and c.count + 4 <= c.capacity) {
                const p = c.bytes + c.position + at;
                const differ = (field(p) ^ expected) | (field(p + length) ^ expected) |
                    (field(p + 2 * length) ^ expected) | (field(p + 3 * length) ^ expected);
                if (differ != 0) break;
                const first: @Vector(4, u32) = @splat(c.position + frame.start);
                const lengths: @Vector(4, u32) = @splat(frame.length);
                c.offsets[c.count..][0..4].* = first + step;
                c.lengths[c.count..][0..4].* = lengths;
                c.count += 4;
                c.position += 4 * length;
            }
        }
    };
}
