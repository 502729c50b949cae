"""Socket options and endings that both applications use."""

import os
import signal
import socket
import struct

TCP_REPAIR = 19
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


def keepalive(s: socket.socket, times) -> None:
    if not times:
        return
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    for option, value in zip(options, times):
        s.setsockopt(socket.IPPROTO_TCP, option, value)


def user_timeout(s: socket.socket, ms) -> None:
    if ms:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ms)


def reset(s: socket.socket) -> None:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def vanish(s: socket.socket) -> None:
    """As if the host had lost its power: in repair mode a close sends nothing."""
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    s.close()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def tcp_info(s: socket.socket) -> dict:
    raw = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256).ljust(192, b"\0")
    word = struct.unpack_from("24I", raw, 8)
    busy, rwnd, sndbuf = struct.unpack_from("3Q", raw, 168)
    return {
        "state": raw[0],
        "busy_us": busy,
        "rwnd_limited_us": rwnd,
        "sndbuf_limited_us": sndbuf,
        "rtt_us": word[15],
        "cwnd": word[18],
        "retrans": word[23],
        "unacked": word[4],
        "notsent": struct.unpack_from("I", raw, 144)[0],
    }
