//! Frames of one size, optionally with magic and checksum (188-byte MPEG-TS packets with 0x47, for instance).

const abi = @import("../abi.zig");
const driver = @import("../driver.zig");
const verify = @import("../verify.zig");

const Framer = abi.Framer;

pub const FixedLength = struct {
    pub const stores_raw = false;

    pub inline fn next(framer: *Framer, bytes: []u8) driver.Step {
        if (verify.checkMagic(framer, bytes)) |invalid| return .{ .invalid = invalid };
        const length = framer.frame_length;
        if (bytes.len < length) return .partial;
        if (verify.checkSum(framer, bytes[0..length])) |invalid| return .{ .invalid = withDiscard(framer, invalid) };
        return .{ .frame = .{ .start = 0, .length = length, .raw_length = length } };
    }

    /// Without a magic the only place to go on is behind the frame.
    fn withDiscard(framer: *const Framer, invalid: driver.Invalid) driver.Invalid {
        var rejected = invalid;
        if (framer.magic_length == 0) rejected.discard = framer.frame_length;
        return rejected;
    }

    pub fn resync(framer: *Framer, bytes: []u8) driver.Found {
        return verify.findMagic(framer, bytes);
    }
};
