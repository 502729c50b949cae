"""The reader: keeps up, or does not, by plan."""

import os
import select
import socket
import time

import sockets

READ = 1 << 16
CLOSE_NOTIFY = b"\x15\x03\x03\x00\x1a" + bytes(26)


class Reader:
    def __init__(self, plan, s: socket.socket, log):
        self.plan = plan
        self.s = s
        self.log = log
        self.began = time.monotonic()
        self.phases = [list(phase) for phase in plan.reads]
        self.phase_at = self.began
        self.next_read = self.began
        self.next_ping = self.began + (plan.ping_every_s or 0)
        self.bytes = 0
        self.stalled = False
        self.flapped = 0
        self.quiet = False  # it has closed its own half

    def mode(self, now: float) -> list:
        while self.phases and now >= self.phase_at + self.phases[0][0]:
            self.phase_at += self.phases.pop(0)[0]
        mode = self.phases[0][1:] if self.phases else ["fast"]
        stalled = mode[0] == "stall"
        if stalled != self.stalled:
            self.log("stall" if stalled else "resume", bytes=self.bytes)
            self.stalled = stalled
            self.next_read = now
        return mode

    def take(self, size: int):
        try:
            data = self.s.recv(size)
        except BlockingIOError:
            return None
        self.bytes += len(data)
        return data

    def read(self, mode: list, now: float) -> bool:
        """Whether the stream has ended."""
        if mode[0] == "stall" or now < self.next_read:
            return False
        if mode[0] == "fast":
            while (data := self.take(READ)) is not None:
                if not data:
                    return True
            return False
        if mode[0] == "rate":
            data = self.take(mode[2])
            if data:
                self.next_read = max(self.next_read, now - 0.2) + len(data) / mode[1]
            return data == b""
        data = self.take(min(READ, mode[1] - self.flapped))
        self.flapped += len(data or b"")
        if data is None or self.flapped >= mode[1]:
            self.flapped = 0
            self.next_read = now + mode[2]
        return data == b""

    def ping(self, mode: list, now: float) -> None:
        plan = self.plan
        if not plan.ping_every_s or self.quiet or now < self.next_ping:
            return
        self.next_ping = now + plan.ping_every_s
        if plan.ping_until_s is not None and now - self.began > plan.ping_until_s:
            return
        if mode[0] == "stall" and not plan.ping_in_stall:
            return
        try:
            self.s.send(b"p" * plan.ping_size)
        except BlockingIOError:
            pass

    def end(self, how: str) -> bool:
        """Whether that was all."""
        self.log("end", how=how, bytes=self.bytes)
        if how == "kill":
            sockets.die()
        elif how == "rst":
            sockets.reset(self.s)
        elif how == "vanish":
            sockets.vanish(self.s)
        elif how == "shutdown":
            self.s.shutdown(socket.SHUT_WR)
            self.quiet = True
            self.plan.end_at_s = None
            return False
        else:
            self.s.close()
        return True

    def at_eof(self) -> None:
        self.log("eof", bytes=self.bytes)
        time.sleep(self.plan.eof_delay_s)
        if self.plan.at_eof == "close_notify":
            try:
                self.s.send(CLOSE_NOTIFY)
            except OSError as error:
                self.log("error_at_close", errno=error.errno)
        self.s.close()
        self.log("closed")

    def wait(self, mode: list, now: float) -> None:
        times = [now + 0.25]
        if self.phases:
            times.append(self.phase_at + self.phases[0][0])
        if self.plan.ping_every_s:
            times.append(self.next_ping)
        if self.plan.end_at_s is not None:
            times.append(self.began + self.plan.end_at_s)
        reading = mode[0] != "stall" and now >= self.next_read
        if mode[0] != "stall" and not reading:
            times.append(self.next_read)
        timeout = max(0.0, min(times) - now)
        select.select([self.s] if reading else [], [], [], timeout)

    def run(self) -> None:
        self.s.setblocking(False)
        while True:
            now = time.monotonic()
            if self.plan.end_at_s is not None and now - self.began >= self.plan.end_at_s:
                if self.end(self.plan.end):
                    return
            mode = self.mode(now)
            if self.read(mode, now):
                self.at_eof()
                return
            self.ping(mode, now)
            self.wait(mode, time.monotonic())


def connect(plan, host, log):
    s = socket.socket(sockets.FAMILIES[host.family], socket.SOCK_STREAM)
    if plan.rcvbuf:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, plan.rcvbuf)
    if plan.window_clamp:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, plan.window_clamp)
    sockets.keepalive(s, plan.keepalive)
    sockets.user_timeout(s, plan.user_timeout_ms)
    s.settimeout(plan.connect_timeout_s)
    log("connecting")
    try:
        s.connect((host.addresses[0], host.port))
    except OSError as error:
        log("no_connection", errno=error.errno)
        s.close()
        return None
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    log("connected", port=s.getsockname()[1])
    return s


def read(plan, host, log) -> None:
    s = connect(plan, host, log)
    if s is None:
        return
    reader = Reader(plan, s, log)
    try:
        reader.run()
    except OSError as error:
        log("error", errno=error.errno, bytes=reader.bytes)
        os._exit(0)
