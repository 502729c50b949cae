//! Decisions read from bytes, so that a fuzzer and a seeded generator can make them alike.

const std = @import("std");

pub const Tape = struct {
    bytes: []const u8,
    at: usize = 0,

    /// Zeros behind the end: whoever decides by them must come to an end too.
    pub fn byte(tape: *Tape) u8 {
        if (tape.at == tape.bytes.len) return 0;
        tape.at += 1;
        return tape.bytes[tape.at - 1];
    }

    pub fn below(tape: *Tape, bound: u32) u32 {
        const high: u32 = tape.byte();
        return (high << 8 | tape.byte()) % bound;
    }

    /// True once in `times`, and never behind the end.
    pub fn chance(tape: *Tape, times: u32) bool {
        return tape.below(times) == times - 1;
    }

    pub fn pick(tape: *Tape, comptime T: type, from: []const T) T {
        return from[tape.below(@intCast(from.len))];
    }

    pub fn choice(tape: *Tape, comptime Enum: type) Enum {
        return tape.pick(Enum, std.enums.values(Enum));
    }
};
