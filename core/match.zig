//! Counts frames that equal a respond rule, so that the reader can answer them.

const std = @import("std");
const abi = @import("abi.zig");

/// A rule matches the frame as delivered or, where the framing keeps them, its
/// raw bytes: "PING\r\n" is found in lines whether or not their end is kept.
pub fn countHits(rules: []abi.Rule, slab: *const abi.Slab, stores_raw: bool, first: u32, end: u32) void {
    const base: [*]const u8 = @ptrFromInt(slab.bytes);
    const offsets: [*]const u32 = @ptrFromInt(slab.offsets);
    const lengths: [*]const u32 = @ptrFromInt(slab.lengths);
    const raw_offsets: [*]const u32 = @ptrFromInt(slab.raw_offsets);
    const raw_lengths: [*]const u32 = @ptrFromInt(slab.raw_lengths);
    for (rules) |*rule| {
        const bytes = @as([*]const u8, @ptrFromInt(rule.bytes))[0..rule.length];
        for (first..end) |i| {
            const hit = (lengths[i] == rule.length and std.mem.eql(u8, base[offsets[i]..][0..rule.length], bytes)) or
                (stores_raw and raw_lengths[i] == rule.length and
                    std.mem.eql(u8, base[raw_offsets[i]..][0..rule.length], bytes));
            if (hit) rule.hits += 1;
        }
    }
}
