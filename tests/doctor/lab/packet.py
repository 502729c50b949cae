"""IP and TCP headers as the link needs them: to read, to change the TTL, to forge, to cut up."""

import socket
import struct
from dataclasses import dataclass
from typing import Iterator, Optional

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10


@dataclass
class Segment:
    ip: int  # where the IP header begins
    version: int
    tcp: int  # where the TCP header begins
    payload: int
    end: int
    seq: int
    ack: int
    flags: int
    window: int

    @property
    def length(self) -> int:
        return self.end - self.payload

    @property
    def next_seq(self) -> int:
        grown = self.length + bool(self.flags & SYN) + bool(self.flags & FIN)
        return (self.seq + grown) & 0xFFFFFFFF


def parse(frame: bytes, ip: int) -> Optional[Segment]:
    """The TCP segment in `frame`, whose IP header begins at `ip`; nothing if it holds none."""
    if len(frame) < ip + 40:
        return None
    if ip == 14 and frame[12:14] not in (b"\x08\x00", b"\x86\xdd"):
        return None
    version = frame[ip] >> 4
    if version == 4:
        if frame[ip + 9] != 6:
            return None
        tcp = ip + (frame[ip] & 15) * 4
        end = ip + struct.unpack_from("!H", frame, ip + 2)[0]
        if end == ip:
            end = len(frame)
    elif version == 6:
        if frame[ip + 6] != 6:
            return None
        tcp = ip + 40
        end = tcp + struct.unpack_from("!H", frame, ip + 4)[0]
        if end == tcp:
            end = len(frame)
    else:
        return None
    if len(frame) < tcp + 20:
        return None
    seq, ack, offset, flags, window = struct.unpack_from("!IIBBH", frame, tcp + 4)
    return Segment(ip, version, tcp, tcp + (offset >> 4) * 4, end, seq, ack, flags, window)


def window_scale(frame: bytes, s: Segment) -> Optional[int]:
    at = s.tcp + 20
    while at < s.payload:
        kind = frame[at]
        if kind == 0:
            return None
        if kind == 1:
            at += 1
            continue
        if kind == 3:
            return frame[at + 2]
        at += max(2, frame[at + 1])
    return None


def checksum(data: bytes) -> int:
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def fix_ip(frame: bytearray, ip: int) -> None:
    size = (frame[ip] & 15) * 4
    struct.pack_into("!H", frame, ip + 10, 0)
    struct.pack_into("!H", frame, ip + 10, checksum(bytes(frame[ip : ip + size])))


def pseudo(src: bytes, dst: bytes, protocol: int, length: int) -> bytes:
    return src + dst + struct.pack("!IHBB", length, 0, 0, protocol)


def fix_tcp(frame: bytearray, s: Segment) -> None:
    src, dst = addresses(frame, s)
    body = frame[s.tcp : s.end]
    struct.pack_into("!H", body, 16, 0)
    total = checksum(pseudo(src, dst, 6, len(body)) + bytes(body))
    struct.pack_into("!H", frame, s.tcp + 16, total)


def addresses(frame: bytes, s: Segment) -> tuple:
    if s.version == 4:
        return bytes(frame[s.ip + 12 : s.ip + 16]), bytes(frame[s.ip + 16 : s.ip + 20])
    return bytes(frame[s.ip + 8 : s.ip + 24]), bytes(frame[s.ip + 24 : s.ip + 40])


def hop(frame: bytes, ip: int, hops: int) -> bytes:
    """The frame as it is after so many routers."""
    if hops == 0 or len(frame) < ip + 20:
        return frame
    version = frame[ip] >> 4
    out = bytearray(frame)
    if version == 4:
        out[ip + 8] = max(1, out[ip + 8] - hops)
        fix_ip(out, ip)
    elif version == 6 and not (out[ip + 6] == 58 or out[ip + 6] == 0):
        out[ip + 7] = max(1, out[ip + 7] - hops)
    return bytes(out)


def cut(frame: bytes, s: Segment, size: int) -> Iterator[bytes]:
    """A giant segment as the segments of `size` bytes that the wire would have carried."""
    head = frame[: s.payload]
    identity = struct.unpack_from("!H", frame, s.ip + 4)[0]
    for i, at in enumerate(range(s.payload, s.end, size)):
        piece = frame[at : min(at + size, s.end)]
        out = bytearray(head + piece)
        last = at + size >= s.end
        if s.version == 4:
            total = len(out) - s.ip
            struct.pack_into("!HH", out, s.ip + 2, total, (identity + i) & 0xFFFF)
            fix_ip(out, s.ip)
        else:
            struct.pack_into("!H", out, s.ip + 4, len(out) - s.tcp)
        struct.pack_into("!I", out, s.tcp + 4, (s.seq + at - s.payload) & 0xFFFFFFFF)
        out[s.tcp + 13] = s.flags if last else s.flags & ~(FIN | PSH)
        part = parse(bytes(out), s.ip)
        fix_tcp(out, part)
        yield bytes(out)


def ip_header(src: bytes, dst: bytes, protocol: int, length: int, ttl: int, identity: int) -> bytes:
    if len(src) == 16:
        return struct.pack("!IHBB", 0x60000000, length, protocol, ttl) + src + dst
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, identity, 0, ttl, protocol, 0)
    head = bytearray(head + src + dst)
    fix_ip(head, 0)
    return bytes(head)


def reset(
    template: bytes, s: Segment, seq: int, ack: Optional[int], ttl: int, identity: int
) -> bytes:
    """An RST that pretends to come from the sender of `template`."""
    src, dst = addresses(template, s)
    ports = template[s.tcp : s.tcp + 4]
    flags = RST | (ACK if ack is not None else 0)
    body = bytearray(ports + struct.pack("!IIBBHHH", seq, ack or 0, 0x50, flags, 0, 0, 0))
    total = checksum(pseudo(src, dst, 6, len(body)) + bytes(body))
    struct.pack_into("!H", body, 16, total)
    return template[: s.ip] + ip_header(src, dst, 6, len(body), ttl, identity) + bytes(body)


CODES = {
    4: {"net": 0, "host": 1, "port": 3, "admin": 13},
    6: {"net": 0, "host": 3, "port": 4, "admin": 1},
}


def unreachable(frame: bytes, s: Segment, router: bytes, code: str, ethernet: bytes) -> bytes:
    """The ICMP error a router sends back for `frame`."""
    src, _ = addresses(frame, s)
    quoted = frame[s.ip : s.ip + (1232 if s.version == 6 else 548)]
    kind = 3 if s.version == 4 else 1
    body = bytearray(struct.pack("!BBHI", kind, CODES[s.version][code], 0, 0) + quoted)
    covered = bytes(body)
    if s.version == 6:
        covered = pseudo(router, src, 58, len(body)) + covered
    struct.pack_into("!H", body, 2, checksum(covered))
    protocol = 1 if s.version == 4 else 58
    return ethernet + ip_header(router, src, protocol, len(body), 63, 0) + bytes(body)


def address_bytes(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
