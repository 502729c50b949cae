"""The feed server: pushes records by plan, cuts who does not keep up, ends as told."""

import collections
import os
import random
import select
import socket
import time

import sockets

CHUNK = 1 << 16
INFO_EVERY_S = 0.1


class Payload:
    """Bytes that look like something: noise, lines or TLS records."""

    def __init__(self, content: str, rng: random.Random):
        self.content = content
        self.noise = rng.randbytes(1 << 17)
        self.at = 0

    def record(self, size: int) -> bytes:
        self.at = (self.at + 7919) % CHUNK
        body = self.noise[self.at : self.at + size]
        if self.content == "text":
            return body.hex().encode()[: max(0, size - 1)] + b"\n"
        if self.content == "tls" and size > 5:
            return b"\x17\x03\x03" + (size - 5).to_bytes(2, "big") + body[5:]
        return body


class Feed:
    def __init__(self, plan, connection: socket.socket, log, seed: str):
        self.plan = plan
        self.s = connection
        self.log = log
        self.rng = random.Random(seed)
        self.payload = Payload(plan.content, self.rng)
        self.backlog = collections.deque()
        self.held = 0
        self.sent = 0
        self.began = self.heard = time.monotonic()
        self.held_since = None
        self.phase_at = self.began
        self.phases = [dict(phase) for phase in plan.phases]
        self.next_record = self.began
        self.next_info = self.began
        self.client_open = True
        self.half_closed = False

    def put(self, record: bytes) -> None:
        if not record:
            return
        if self.plan.on_full == "drop" and self.held > CHUNK:
            return
        self.backlog.append(record)
        self.held += len(record)

    def produce(self, now: float) -> None:
        while self.phases:
            phase = self.phases[0]
            if "bytes" in phase:
                while phase["bytes"] > 0 and self.held < CHUNK:
                    size = min(CHUNK, phase["bytes"])
                    self.put(self.payload.record(size))
                    phase["bytes"] -= size
                if phase["bytes"] > 0 or self.held:
                    return
                self.phase_at = now
            elif now >= self.phase_at + phase["s"]:
                self.phase_at += phase["s"]
            else:
                if "every" in phase:
                    self.tick(phase, now)
                return
            self.phases.pop(0)
            self.next_record = max(self.phase_at, self.next_record)

    def tick(self, phase: dict, now: float) -> None:
        if self.plan.on_full == "block" and self.held:
            self.next_record = now
            return
        while self.next_record <= now:
            self.next_record += phase["every"]
            for _ in range(phase.get("n", 1)):
                self.put(self.payload.record(self.rng.randint(*phase["size"])))

    def flush(self, now: float) -> None:
        while self.backlog:
            record = self.backlog[0]
            try:
                n = self.s.send(record)
            except BlockingIOError:
                break
            self.sent += n
            self.held -= n
            if n == len(record):
                self.backlog.popleft()
            else:
                self.backlog[0] = record[n:]
        self.held_since = (self.held_since or now) if self.held else None

    def hear(self, now: float) -> None:
        try:
            data = self.s.recv(4096)
        except BlockingIOError:
            return
        if data:
            self.heard = now
            if self.plan.pong:
                self.put(self.payload.record(self.plan.pong))
            return
        self.log("client_eof")
        self.client_open = False

    def info(self, now: float) -> None:
        self.next_info = now + INFO_EVERY_S
        self.log("info", sent=self.sent, held=self.held, **sockets.tcp_info(self.s))

    def end(self, how: str, why: str) -> None:
        self.info(time.monotonic())
        self.log("end", how=how, why=why, held=self.held)
        if how == "kill":
            sockets.die()
        elif how == "rst":
            sockets.reset(self.s)
        elif how == "vanish":
            sockets.vanish(self.s)
        elif how == "shutdown":
            self.s.shutdown(socket.SHUT_WR)
            self.half_closed = True
            self.wait_for_fin()
        else:
            self.s.close()

    def wait_for_fin(self) -> None:
        deadline = time.monotonic() + 4
        while self.client_open and time.monotonic() < deadline:
            if select.select([self.s], [], [], 0.1)[0]:
                self.hear(time.monotonic())
        self.s.close()

    def decide(self, now: float):
        """How and why to end now, if it is time."""
        plan = self.plan
        if plan.backlog_limit and self.held > plan.backlog_limit:
            return plan.cut, "backlog"
        if plan.stall_limit_s and self.held_since and now - self.held_since > plan.stall_limit_s:
            return plan.cut, "backlog"
        if plan.idle_timeout_s and now - self.heard >= plan.idle_timeout_s:
            return plan.idle_how, "idle"
        if plan.end_at_s is not None and now - self.began >= plan.end_at_s:
            return plan.end, "time"
        if not self.client_open and plan.on_client_eof == "close":
            return "fin", "client closed"
        if not self.phases and not self.held and plan.end != "open" and plan.end_at_s is None:
            return plan.end, "done"
        return None

    def wait(self, now: float) -> None:
        times = [self.next_info, now + 0.25]
        if self.phases and "every" in self.phases[0]:
            times.append(self.next_record)
        if self.phases and "s" in self.phases[0]:
            times.append(self.phase_at + self.phases[0]["s"])
        if self.plan.idle_timeout_s:
            times.append(self.heard + self.plan.idle_timeout_s)
        if self.plan.end_at_s:
            times.append(self.began + self.plan.end_at_s)
        listen = [self.s] if self.plan.read and self.client_open else []
        speak = [self.s] if self.backlog else []
        timeout = min(times) - now
        if speak and self.plan.on_full == "block":
            timeout = max(timeout, 0.02)  # the next record is due, but waits for room
        if select.select(listen, speak, [], max(0.0, timeout))[0]:
            self.hear(time.monotonic())

    def run(self) -> None:
        self.s.setblocking(False)
        while True:
            now = time.monotonic()
            self.produce(now)
            self.flush(now)
            if now >= self.next_info:
                self.info(now)
            decided = self.decide(now)
            if decided:
                self.end(*decided)
                return
            self.wait(now)


def serve(plan, host, log, seed: str) -> None:
    listener = socket.socket(sockets.FAMILIES[host.family], socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if plan.sndbuf:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, plan.sndbuf)
    name = plan.congestion.encode()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
    listener.bind((host.addresses[0], host.port))
    if plan.listen:
        listener.listen(4)
    log("listening")
    if not plan.listen or not plan.accept:
        time.sleep(60)
        return
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(plan.nodelay))
    sockets.keepalive(connection, plan.keepalive)
    sockets.user_timeout(connection, plan.user_timeout_ms)
    log("accepted")
    feed = Feed(plan, connection, log, seed)
    try:
        feed.run()
    except OSError as error:
        log("info", sent=feed.sent, held=feed.held, **sockets.tcp_info(connection))
        log("error", errno=error.errno)
        os._exit(0)
