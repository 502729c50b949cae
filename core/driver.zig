//! The loop that turns one framing's `next` into index entries.
//!
//!            ┌────────── frame ─────────┐   ┌── padding ──┐
//!            ▼                          │   ▼             │
//!   ──▶ [ framing ] ── next() ──────────┴───┴─────────────┘
//!        ▲      │ └── partial ─▶ need_more        ┌─ close ─▶ invalid
//!        │      └──── invalid ────────────────────┤
//!        └── found ── [ discarding ] ◀── skip ────┘
//!                        └── not found ─▶ need_more

const std = @import("std");
const abi = @import("abi.zig");

const Framer = abi.Framer;

/// A complete frame, relative to where `next` began.
pub const Frame = struct {
    start: u32,
    length: u32,
    raw_length: u32,
};

/// Input that is no frame, relative to where `next` began.
pub const Invalid = struct {
    violation: abi.Violation,
    at: u32 = 0,
    expected: u64 = 0,
    actual: u64 = 0,
    /// Length of the rejected frame if it is known, else 0: `resync` searches.
    discard: u64 = 0,
};

/// What a framing makes of the unframed bytes. Partial and invalid are two
/// things: more input mends the one, never the other.
pub const Step = union(enum) {
    frame: Frame,
    padding: u32,
    partial,
    invalid: Invalid,
};

/// How far a search for the next frame got.
pub const Found = struct {
    /// Bytes to discard.
    skip: u32,
    /// Whether a frame may start behind them.
    found: bool,
};

/// Named positions in one slab while it is scanned.
pub const Cursor = struct {
    bytes: [*]u8,
    offsets: [*]u32,
    lengths: [*]u32,
    raw_offsets: [*]u32,
    raw_lengths: [*]u32,
    capacity: u32,
    /// Entries in the index.
    count: u32,
    /// The first unframed byte.
    position: u32,
    /// Behind the last byte read.
    end: u32,

    pub inline fn rest(c: *const Cursor) []u8 {
        return c.bytes[c.position..c.end];
    }

    pub inline fn emit(c: *Cursor, comptime stores_raw: bool, frame: Frame) void {
        c.offsets[c.count] = c.position + frame.start;
        c.lengths[c.count] = frame.length;
        if (stores_raw) {
            c.raw_offsets[c.count] = c.position;
            c.raw_lengths[c.count] = frame.raw_length;
        }
        c.count += 1;
        c.position += frame.raw_length;
    }

    fn invariants(c: *const Cursor) void {
        std.debug.assert(c.count <= c.capacity);
        std.debug.assert(c.position <= c.end);
    }
};

/// Scans all of `cursor.rest()` with framing `F`, which has
///   `stores_raw: bool`, `next(*Framer, []u8) Step`, `resync(*Framer, []u8) Found`
/// (both may keep in `framer.searched` what they know of the bytes they leave),
/// and maybe `run(*Framer, *Cursor, Frame) void`, called behind each frame to
/// take further ones of the same shape at once.
pub fn drive(comptime F: type, framer: *Framer, cursor: *Cursor, out: *abi.Outcome) void {
    var c = cursor.*;
    // INVARIANT: each step takes a frame, a byte or at least a search.
    var steps_left: u64 = 4 * (@as(u64, c.end) - c.position) + c.capacity + 4;
    out.status = while (true) {
        c.invariants();
        if (abi.shared_memory) {
            if (steps_left == 0) @trap();
            steps_left -= 1;
        }
        if (framer.discarding != 0) {
            if (!discard(F, framer, &c, out)) break .need_more;
        }
        if (c.count >= c.capacity) break if (c.position < c.end) .index_full else .need_more;
        switch (F.next(framer, c.rest())) {
            .frame => |frame| {
                framer.searched = 0;
                c.emit(F.stores_raw, frame);
                if (@hasDecl(F, "run")) F.run(framer, &c, frame);
            },
            .padding => |bytes| {
                out.padding_bytes += bytes;
                c.position += bytes;
            },
            .partial => break .need_more,
            .invalid => |invalid| {
                if (framer.on_invalid == .close) {
                    report(c.position, invalid, out);
                    break .invalid;
                }
                c.position += reject(framer, invalid, out);
            },
        }
    };
    cursor.* = c;
}

/// Forgets the partial frame.
pub fn forget(framer: *Framer) void {
    framer.searched = 0;
    framer.escapes = 0;
    framer.expect = .value_or_end;
    framer.depth = 0;
    framer.message_length = 0;
}

fn report(position: u32, invalid: Invalid, out: *abi.Outcome) void {
    out.violation = invalid.violation;
    out.violation_at = position + invalid.at;
    out.expected = invalid.expected;
    out.actual = invalid.actual;
}

/// Begins to discard; returns how many bytes go at once. At least one does, so
/// that a search never finds the frame just rejected.
noinline fn reject(framer: *Framer, invalid: Invalid, out: *abi.Outcome) u32 {
    out.skipped_frames += 1;
    forget(framer);
    framer.discarding = 1;
    framer.discard_left = invalid.discard;
    const bytes: u32 = @intFromBool(invalid.discard == 0);
    out.skipped_bytes += bytes;
    return bytes;
}

/// Discards what is here; false when more input is needed to end it.
fn discard(comptime F: type, framer: *Framer, c: *Cursor, out: *abi.Outcome) bool {
    if (framer.discard_left > 0) {
        const bytes: u32 = @intCast(@min(framer.discard_left, c.end - c.position));
        framer.discard_left -= bytes;
        c.position += bytes;
        out.skipped_bytes += bytes;
        if (framer.discard_left > 0) return false;
    } else {
        const search = F.resync(framer, c.rest());
        c.position += search.skip;
        out.skipped_bytes += search.skip;
        if (!search.found) return false;
    }
    framer.searched = 0;
    framer.discarding = 0;
    return true;
}
