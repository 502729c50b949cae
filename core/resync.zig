//! Where the next frame may start, for framings with an end mark.

const driver = @import("driver.zig");
const scan = @import("scan.zig");

/// The place behind the next `mark`; a beginning of it at the end of input stays.
pub fn behind(bytes: []const u8, mark: []const u8) driver.Found {
    const length: u32 = @intCast(mark.len);
    if (scan.findPattern(bytes, 0, mark)) |at| return .{ .skip = at + length, .found = true };
    return .{ .skip = @intCast(bytes.len - @min(bytes.len, length - 1)), .found = false };
}
