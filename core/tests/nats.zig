//! The NATS client protocol.

const abi = @import("../abi.zig");
const feed = @import("feed.zig");
const times = feed.times;

const nats: abi.Framer = .{ .kind = .nats, .max_frame_length = 40 };

test "lines and messages" {
    const info = "INFO {\"server_id\":\"x\"}\r\n";
    const msg = "MSG feed 1 5\r\nHELLO\r\n";
    const reply = "msg\tfeed 1 inbox\t 7 \r\n\r\nMSG \r\r\n";
    const headers = "HMSG a 1 12 14\r\nNATS/1.0\r\n\r\nab\r\n";
    try feed.checkAll(&.{
        .{
            .framer = nats,
            .stream = info ++ msg ++ "+OK\r\n" ++ "PING\n" ++ "\r\n" ++ reply ++ headers ++ "MSG a 1 0\n\r\n" ++ "MSGX 1 2\r\n" ++ "MSG\r\n" ++ "MSG a 1 3\r\nab",
            .frames = &.{ info, msg, "+OK\r\n", "PING\n", "\r\n", reply, headers, "MSG a 1 0\n\r\n", "MSGX 1 2\r\n", "MSG\r\n" },
            .rest = 13,
        },
        .{ .framer = nats, .stream = "MSG a 1 27\r\n" ++ times("x", 26) ++ "\r\n", .violation = .frame_too_long, .at = 8, .expected = 40, .actual = 41 },
        .{ .framer = nats, .stream = "MSG a 1 26\r\n" ++ times("x", 26) ++ "\r\n", .frames = &.{"MSG a 1 26\r\n" ++ times("x", 26) ++ "\r\n"} },
        .{ .framer = nats, .stream = "PING\r\n" ++ times("x", 41), .frames = &.{"PING\r\n"}, .violation = .frame_too_long, .at = 46, .expected = 40, .actual = 41 },
        .{ .framer = nats, .stream = "MSG a 1 2x\r\n", .violation = .bad_digit, .at = 9, .actual = 'x' },
        .{ .framer = nats, .stream = "MSG \r\n", .violation = .bad_digit, .at = 0, .actual = 'M' },
        .{ .framer = nats, .stream = "MSG a 1 1\r\nxy", .violation = .bad_byte, .at = 12, .expected = '\r', .actual = 'y' },
        .{ .framer = nats, .stream = "MSG a 1 1\r\nx\ry", .violation = .bad_byte, .at = 13, .expected = '\n', .actual = 'y' },
        .{ .framer = nats, .stream = "MSG 99999999999999999999999999\r\n", .violation = .frame_too_long, .at = 4, .expected = 40, .actual = 11529215046068469750 + 9 + 34 },
    });
}

test "goes on behind what was rejected" {
    try feed.checkAll(&.{
        .{
            .framer = feed.skipping(nats),
            .stream = "MSG a 1 27\r\n" ++ times("x", 26) ++ "\n\r\n" ++ "PING\r\n" ++ "MSG a 1 z\r\n" ++ "PING\r\n" ++ "MSG a 1 1\r\nxyz" ++ "PING\r\n" ++ times("y", 50) ++ "\n" ++ "PING\r\n",
            .frames = &.{ "PING\r\n", "PING\r\n", "PING\r\n", "PING\r\n" },
            .skipped_frames = 4,
            .skipped_bytes = 41 + 11 + 14 + 51,
        },
    });
}
