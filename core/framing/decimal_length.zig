//! A decimal length, then so many bytes: octet counting and netstrings.
//!
//!   BEFORE, octet counting (RFC 6587)      BEFORE, netstring
//!   ┌────┬────┬───────┬───┬────┬─────┐     ┌───┬───┬───────┬───┐
//!   │ 5  │ SP │ HELLO │ 3 │ SP │ ABC │     │ 5 │ : │ HELLO │ , │
//!   └────┴────┴───────┴───┴────┴─────┘     └───┴───┴───────┴───┘
//!   AFTER: HELLO, ABC                      AFTER: HELLO

const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const limits = @import("../limits.zig");
const resync_zig = @import("../resync.zig");

const Framer = abi.Framer;

pub const OctetCounting = struct {
    pub const stores_raw = true;

    pub fn next(framer: *Framer, bytes: []u8) driver.Step {
        return frame(framer, bytes, .{ .mark = ' ', .end = null });
    }

    /// The next byte a length can begin with; it doesn't inside a number.
    pub fn resync(framer: *Framer, bytes: []u8) driver.Found {
        var in_number = framer.searched != 0;
        for (bytes, 0..) |byte, at| {
            if (!in_number and byte >= '1' and byte <= '9') return .{ .skip = @intCast(at), .found = true };
            in_number = isDigit(byte);
        }
        framer.searched = @intFromBool(in_number);
        return .{ .skip = @intCast(bytes.len), .found = false };
    }
};

pub const Netstring = struct {
    pub const stores_raw = true;

    pub fn next(framer: *Framer, bytes: []u8) driver.Step {
        return frame(framer, bytes, .{ .mark = ':', .end = ',' });
    }

    pub fn resync(_: *Framer, bytes: []u8) driver.Found {
        return resync_zig.behind(bytes, ",");
    }
};

const Shape = struct {
    /// Ends the length.
    mark: u8,
    /// Ends the frame. Where there is none a frame is never empty: "0" begins nothing.
    end: ?u8,
};

/// A header has at most eleven bytes, so a partial one is read again.
fn frame(framer: *const Framer, bytes: []const u8, shape: Shape) driver.Step {
    const max = framer.max_frame_length;
    var value: u64 = 0;
    const digits: u32 = for (bytes, 0..) |byte, i| {
        const at: u32 = @intCast(i);
        if (byte == shape.mark and at > 0) break at;
        const leading_zero = if (at == 0) byte == '0' and shape.end == null else bytes[0] == '0';
        if (!isDigit(byte) or leading_zero) {
            return .{ .invalid = .{ .violation = .bad_digit, .at = at, .actual = byte } };
        }
        value = value * 10 + (byte - '0');
        if (at == limits.length_digits_max) {
            return .{ .invalid = .{ .violation = .frame_too_long, .at = at, .expected = max, .actual = value } };
        }
    } else return .partial;

    const header = digits + 1;
    const end_length: u32 = @intFromBool(shape.end != null);
    if (value > max) return .{ .invalid = .{
        .violation = .frame_too_long,
        .expected = max,
        .actual = value,
        .discard = header + value + end_length,
    } };
    const length: u32 = @intCast(value);
    const raw_length = header + length + end_length;
    if (bytes.len < raw_length) return .partial;
    if (shape.end) |end| {
        const at = raw_length - 1;
        if (bytes[at] != end) {
            return .{ .invalid = .{ .violation = .bad_byte, .at = at, .expected = end, .actual = bytes[at] } };
        }
    }
    return .{ .frame = .{ .start = header, .length = length, .raw_length = raw_length } };
}

fn isDigit(byte: u8) bool {
    return byte >= '0' and byte <= '9';
}
