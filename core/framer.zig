//! Chooses the specialised loop for a framer and runs it over a slab.

const abi = @import("abi.zig");
const columns = @import("columns.zig");
const driver = @import("driver.zig");
const match = @import("match.zig");
const verify = @import("verify.zig");
const Beast = @import("framing/beast.zig").Beast;
const Cobs = @import("framing/cobs.zig").Cobs;
const decimal_length = @import("framing/decimal_length.zig");
const delimiter = @import("framing/delimiter.zig");
const FixedLength = @import("framing/fixed_length.zig").FixedLength;
const length_field = @import("framing/length_field.zig");
const Nats = @import("framing/nats.zig").Nats;
const Raw = @import("framing/raw.zig").Raw;
const Resp = @import("framing/resp.zig").Resp;
const Slip = @import("framing/slip.zig").Slip;
const VarintLength = @import("framing/varint_length.zig").VarintLength;

/// Prepares a framer whose configuration was just written.
pub fn init(framer: *abi.Framer) void {
    verify.init(framer);
    reset(framer);
}

/// Forgets the partial frame: a new connection begins.
pub fn reset(framer: *abi.Framer) void {
    driver.forget(framer);
    framer.discarding = 0;
    framer.discard_left = 0;
}

/// Frames `slab[from..end]`, appending behind the `frames` entries already in
/// its index, then gathers columns and counts rule hits of the new ones.
pub fn scan(
    framer: *abi.Framer,
    slab: *const abi.Slab,
    rules: []abi.Rule,
    frames: u32,
    from: u32,
    end: u32,
    out: *abi.Outcome,
) void {
    out.* = .{};
    var cursor: driver.Cursor = .{
        .bytes = @ptrFromInt(slab.bytes),
        .offsets = @ptrFromInt(slab.offsets),
        .lengths = @ptrFromInt(slab.lengths),
        .raw_offsets = @ptrFromInt(slab.raw_offsets),
        .raw_lengths = @ptrFromInt(slab.raw_lengths),
        .capacity = slab.capacity,
        .count = @min(frames, slab.capacity),
        .position = @min(from, end),
        .end = end,
    };
    const first = cursor.count;
    frame(framer, &cursor, out);
    out.frames = cursor.count;
    out.framed = cursor.position;
    if (cursor.count == first) return;
    const declared: [*]const abi.Column = @ptrFromInt(slab.columns);
    for (declared[0..slab.column_count]) |*column| {
        out.missing_fields += columns.gather(column, @ptrFromInt(column.values), &cursor, first);
    }
    for (rules) |*rule| {
        const bytes: [*]const u8 = @ptrFromInt(rule.bytes);
        rule.hits += match.countHits(bytes[0..rule.length], &cursor, first, framer);
    }
}

/// Frames what the cursor holds with the loop made for the framer's kind.
pub fn frame(framer: *abi.Framer, cursor: *driver.Cursor, out: *abi.Outcome) void {
    switch (framer.kind) {
        .length_field => lengthField(framer, cursor, out),
        .varint_length => drive(VarintLength, framer, cursor, out),
        .fixed_length => drive(FixedLength, framer, cursor, out),
        .delimiter => drive(delimiter.Delimiter, framer, cursor, out),
        .lines => drive(delimiter.Lines, framer, cursor, out),
        .octet_counting => drive(decimal_length.OctetCounting, framer, cursor, out),
        .netstring => drive(decimal_length.Netstring, framer, cursor, out),
        .slip => drive(Slip, framer, cursor, out),
        .cobs => drive(Cobs, framer, cursor, out),
        .beast => drive(Beast, framer, cursor, out),
        .resp => drive(Resp, framer, cursor, out),
        .nats => drive(Nats, framer, cursor, out),
        .raw => drive(Raw, framer, cursor, out),
    }
}

fn lengthField(framer: *abi.Framer, cursor: *driver.Cursor, out: *abi.Outcome) void {
    const usual: []const length_field.Shape = &.{
        .{ .width = 1, .order = .big },
        .{ .width = 2, .order = .big },
        .{ .width = 2, .order = .little },
        .{ .width = 4, .order = .big },
        .{ .width = 4, .order = .little },
    };
    const plain = framer.magic_length == 0 and framer.checksum == .none;
    inline for (usual) |shape| {
        // One byte has no order.
        const fits = framer.length_field_length == shape.width and (shape.width == 1 or framer.byte_order == shape.order);
        if (plain and fits) return drive(length_field.LengthField(shape), framer, cursor, out);
    }
    drive(length_field.LengthField(null), framer, cursor, out);
}

/// Each loop is a function of its own, so that V8 optimises the one in use and no other.
fn drive(comptime F: type, framer: *abi.Framer, cursor: *driver.Cursor, out: *abi.Outcome) void {
    @call(.never_inline, driver.drive, .{ F, framer, cursor, out });
}
