//! No framing: what a scan finds is one frame.

const abi = @import("../abi.zig");
const driver = @import("../driver.zig");

pub const Raw = struct {
    pub const stores_raw = false;

    pub inline fn next(_: *abi.Framer, bytes: []u8) driver.Step {
        const length: u32 = @intCast(bytes.len);
        if (length == 0) return .partial;
        return .{ .frame = .{ .start = 0, .length = length, .raw_length = length } };
    }

    pub fn resync(_: *abi.Framer, _: []u8) driver.Found {
        return .{ .skip = 0, .found = true };
    }
};
