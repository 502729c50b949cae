//! All tests of the core but the fuzz target.

test {
    _ = @import("scan.zig");
    _ = @import("verify.zig");
    _ = @import("crc32c.zig");
    _ = @import("tests/length_field.zig");
    _ = @import("tests/delimiter.zig");
    _ = @import("tests/decimal_length.zig");
    _ = @import("tests/binary.zig");
    _ = @import("tests/resp.zig");
    _ = @import("tests/nats.zig");
    _ = @import("tests/kernels.zig");
    _ = @import("tests/chunking.zig");
}
