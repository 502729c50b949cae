//! Root of the core: exports and compile-time ABI checks, no logic.

const std = @import("std");
const builtin = @import("builtin");
const abi = @import("core/abi.zig");
const framer_zig = @import("core/framer.zig");

comptime {
    // The layouts TypeScript was generated for: 32-bit fields without padding.
    std.debug.assert(@sizeOf(abi.Slab) == 32);
    std.debug.assert(@sizeOf(abi.Column) == 24);
    std.debug.assert(@sizeOf(abi.Rule) == 12);
    std.debug.assert(@sizeOf(abi.Outcome) == 56);
    std.debug.assert(@offsetOf(abi.Framer, "discard_left") % 8 == 0);
    if (builtin.cpu.arch.isWasm()) {
        @export(&init, .{ .name = "init" });
        @export(&reset, .{ .name = "reset" });
        @export(&scan, .{ .name = "scan" });
    }
}

/// Call once the configuration is written.
fn init(framer: *abi.Framer) callconv(.c) void {
    framer_zig.init(framer);
}

/// Call when a new connection begins.
fn reset(framer: *abi.Framer) callconv(.c) void {
    framer_zig.reset(framer);
}

/// Frames `slab[from..end]` behind the `frames` entries its index holds.
fn scan(
    framer: *abi.Framer,
    slab: *const abi.Slab,
    rules: [*]abi.Rule,
    rule_count: u32,
    frames: u32,
    from: u32,
    end: u32,
    out: *abi.Outcome,
) callconv(.c) void {
    framer_zig.scan(framer, slab, rules[0..rule_count], frames, from, end, out);
}

test {
    _ = @import("core/tests.zig");
    _ = @import("core/fuzz.zig");
}
