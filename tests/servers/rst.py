#!/usr/bin/env python3
"""Sends N bytes to each client, then resets the connection.

Byte k is (k * 31 + 7) % 251. The bytes are written in chunks of random size,
the same for the same seed and connection number. The reset is SO_LINGER 0 on a
socket whose send queue is empty: the client has received all N bytes by then,
read or not, and finds them before the error.

Prints its port, then one line for each connection: the number of bytes sent.
Linux only: it asks SIOCOUTQ whether all bytes have arrived.
"""

import argparse
import fcntl
import random
import socket
import struct
import sys
import termios
import time

PERIOD = 251


def pattern(count: int) -> bytes:
    period = bytes((k * 31 + 7) % PERIOD for k in range(PERIOD))
    return (period * (count // PERIOD + 1))[:count]


def unacknowledged(conn: socket.socket) -> int:
    """Bytes the client's kernel has not taken yet (SIOCOUTQ is TIOCOUTQ)."""
    return struct.unpack("i", fcntl.ioctl(conn, termios.TIOCOUTQ, b"\0" * 4))[0]


def send_in_chunks(conn: socket.socket, data: bytes, largest: int, rng: random.Random) -> None:
    at = 0
    while at < len(data):
        size = rng.randint(1, largest)
        conn.sendall(data[at:at + size])
        at += size


def reset(conn: socket.socket, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while unacknowledged(conn) > 0 and time.monotonic() < deadline:
        time.sleep(0.0002)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=100_000, help="N (100000)")
    parser.add_argument("--file", help="send this file's bytes instead of the pattern")
    parser.add_argument("--connections", type=int, default=1, help="serve so many, then exit (1)")
    parser.add_argument("--max-chunk", type=int, default=65_536, help="largest chunk (65536)")
    parser.add_argument("--await-hello", action="store_true", help="send once the client sent a byte")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=30, help="seconds to wait for a client")
    options = parser.parse_args()

    if options.file is None:
        data = pattern(options.bytes)
    else:
        with open(options.file, "rb") as file:
            data = file.read()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(options.timeout)
        print(listener.getsockname()[1], flush=True)
        for number in range(options.connections):
            conn, _ = listener.accept()
            conn.settimeout(options.timeout)
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if options.await_hello:
                conn.recv(1)
            rng = random.Random(options.seed * 1_000_003 + number)
            send_in_chunks(conn, data, options.max_chunk, rng)
            reset(conn, options.timeout)
            print(len(data), flush=True)


if __name__ == "__main__":
    try:
        main()
    except TimeoutError:
        sys.exit("rst.py: no client within the time")
