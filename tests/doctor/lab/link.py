"""The link: takes packets from one end's device and gives them to the other's, late or never."""

import collections
import errno
import heapq
import json
import os
import random
import select
import time

import packet

ENDS = ("client", "server")
VNET = 10  # bytes of a virtio_net_hdr, before each packet when segments may be giants
PLAIN = bytes(VNET)
ROUTERS = {4: "10.255.255.1", 6: "fd00:ff::1"}


class Direction:
    """One way through the link. `to` is the end it leads to."""

    def __init__(self, to: str, plan, rng: random.Random):
        i = ENDS.index(to)
        self.to = to
        self.plan = plan
        self.rng = rng
        self.delay = plan.delay_ms[i] / 1000
        self.rate = plan.rate_kbit[i] and plan.rate_kbit[i] * 125
        self.loss = plan.loss[i]
        self.hops = plan.hops[i]
        self.burst = plan.burst if to == "client" else None
        self.in_burst = False
        self.free_at = 0.0  # when the bottleneck has sent all it holds
        self.last_due = 0.0
        self.facts = collections.Counter()
        self.max_queue = 0.0
        self.delivered = None  # what the far end expects next, if nothing was lost
        self.template = None  # the last segment that went this way, to forge others from

    def lost(self) -> bool:
        if self.burst:
            enter, leave, inside = self.burst
            turn = leave if self.in_burst else enter
            self.in_burst ^= self.rng.random() < turn
            if self.in_burst and self.rng.random() < inside:
                return True
        return self.rng.random() < self.loss

    def due(self, now: float, size: int):
        """When a packet gets there; nothing if the queue has no room for it."""
        start = now
        if self.rate:
            queued = max(0.0, self.free_at - now)
            if queued * self.rate + size > self.plan.queue_bytes:
                return None
            self.free_at = max(now, self.free_at) + size / self.rate
            start = self.free_at
            self.max_queue = max(self.max_queue, start - now)
        late = self.delay
        if self.plan.jitter_ms:
            late += self.rng.random() * self.plan.jitter_ms / 1000
        if self.plan.reorder and self.rng.random() < self.plan.reorder:
            self.facts["reordered"] += 1
            return start + late + self.plan.reorder_ms / 1000
        self.last_due = max(self.last_due, start + late)
        return self.last_due


class Link:
    def __init__(self, plan, host, fds: dict, seed: str):
        self.plan = plan
        self.fds = fds
        self.ip = 14 if host.device == "tap" else 0
        rng = random.Random(seed)
        self.ways = {to: Direction(to, plan, rng) for to in ENDS}
        self.heap = []
        self.order = 0
        self.began = None
        self.syns = 0
        self.synacks = 0
        self.scale = 0
        self.windows = []  # least and most of the windows the client offered
        self.zero_windows = 0
        self.zero_since = None
        self.first_zero = None
        self.last_loss = None
        self.zero_s = 0.0
        self.late = []
        self.injected = 0
        self.icmps = 0
        self.host = host
        self.rst_left = plan.rst["count"] if plan.rst else 0

    def elapsed(self, now: float) -> float:
        return -1.0 if self.began is None else now - self.began

    def out(self, to: str, now: float) -> bool:
        at = self.elapsed(now)
        return any(
            start <= at < start + length and where in ("both", to)
            for start, length, where in self.plan.outages
        )

    def push(self, due: float, to: str, head: bytes, frame: bytes) -> None:
        self.order += 1
        heapq.heappush(self.heap, (due, self.order, to, head, frame))

    def watch(self, frame: bytes, s, to: str, now: float) -> None:
        """Keeps what only the link knows for certain."""
        if s.flags & packet.RST:
            self.ways[to].facts["rst"] += 1
            return
        if s.flags & packet.FIN:
            self.ways[to].facts["fin"] += 1
        if to != "server":
            return
        if s.flags & packet.SYN:
            self.scale = packet.window_scale(frame, s) or 0
            if self.began is None:
                self.began = now
            return
        window = s.window << self.scale
        low, high = self.windows or (window, window)
        self.windows = [min(low, window), max(high, window)]
        if window == 0:
            self.zero_windows += 1
            self.zero_since = self.zero_since or now
            self.first_zero = self.first_zero or now - self.began
        elif self.zero_since:
            self.zero_s += now - self.zero_since
            self.zero_since = None

    def dropped(self, s, frame: bytes, to: str, now: float) -> bool:
        way = self.ways[to]
        if s and s.flags & packet.SYN and not s.flags & packet.ACK:
            self.syns += 1
            if self.syns <= self.plan.drop_syn:
                way.facts["dropped_syn"] += 1
                self.answer(s, frame, to, now)
                return True
        if s and s.flags & packet.SYN and s.flags & packet.ACK:
            self.synacks += 1
            if self.synacks <= self.plan.drop_synack:
                way.facts["dropped_syn"] += 1
                return True
        if self.out(to, now):
            way.facts["dropped_outage"] += 1
            if s:
                self.answer(s, frame, to, now)
            return True
        if way.lost():
            way.facts["dropped_loss"] += 1
            self.last_loss = self.elapsed(now)
            return True
        return False

    def answer(self, s, frame: bytes, to: str, now: float) -> None:
        """Tells the sender of what was dropped, if the plan has a router that does."""
        icmp = self.plan.icmp
        sender = "client" if to == "server" else "server"
        if not icmp or sender not in icmp["to"] or self.elapsed(now) < icmp["at"]:
            return
        ethernet = b""
        if self.ip:
            ethernet = frame[6:12] + frame[0:6] + frame[12:14]
        router = packet.address_bytes(ROUTERS[s.version])
        error = packet.unreachable(frame, s, router, icmp["code"], ethernet)
        self.icmps += 1
        self.push(now + self.ways[sender].delay, sender, PLAIN, error)

    def arrive(self, raw: bytes, to: str, now: float) -> None:
        head, frame = (raw[:VNET], raw[VNET:]) if self.plan.offload else (b"", raw)
        s = packet.parse(frame, self.ip)
        if s:
            self.watch(frame, s, to, now)
        size = int.from_bytes(head[4:6], "little") if head and head[1] else 0
        if s and size and s.length > size:
            self.ways[to].facts["giants"] += 1
            if not self.plan.whole:
                for piece in packet.cut(frame, s, size):
                    self.carry(PLAIN, piece, packet.parse(piece, self.ip), to, now)
                return
        self.carry(head, frame, s, to, now)

    def carry(self, head: bytes, frame: bytes, s, to: str, now: float) -> None:
        way = self.ways[to]
        way.facts["packets"] += 1
        if self.dropped(s, frame, to, now):
            return
        due = way.due(now, len(frame))
        if due is None:
            way.facts["dropped_queue"] += 1
            return
        frame = packet.hop(frame, self.ip, way.hops)
        self.push(due, to, head, frame)
        if self.plan.duplicate and way.rng.random() < self.plan.duplicate:
            way.facts["duplicated"] += 1
            self.push(due, to, head, frame)

    def forge(self, now: float) -> None:
        """The RST of a third party: exact in sequence, foreign in TTL and IP id."""
        rst = self.plan.rst
        for to in rst["to"]:
            way, back = self.ways[to], self.ways["server" if to == "client" else "client"]
            if way.template is None or back.delivered is None:
                continue
            frame, s = way.template
            ack = back.delivered if rst["ack"] else None
            forged = packet.reset(frame, s, way.delivered, ack, rst["ttl"], rst.get("id", 0))
            self.injected += 1
            self.deliver(to, PLAIN if self.plan.offload else b"", forged)
        self.rst_left -= 1

    def deliver(self, to: str, head: bytes, frame: bytes) -> None:
        try:
            os.write(self.fds[to], (head or b"") + frame)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EIO, errno.ENOBUFS, errno.EINVAL):
                raise
            self.ways[to].facts["refused_by_device"] += 1

    def hand_out(self, now: float) -> None:
        while self.heap and self.heap[0][0] <= now:
            due, _, to, head, frame = heapq.heappop(self.heap)
            self.late.append(now - due)
            way = self.ways[to]
            s = packet.parse(frame, self.ip)
            if s and not s.flags & packet.RST:
                way.template = (frame, s)
                if way.delivered is None or (s.next_seq - way.delivered) & 0x80000000 == 0:
                    way.delivered = s.next_seq
            self.deliver(to, head if self.plan.offload else b"", frame)

    def step(self, control) -> bool:
        now = time.monotonic()
        wait = 0.2
        if self.heap:
            wait = min(wait, max(0.0, self.heap[0][0] - now))
        if self.rst_left and self.began:
            wait = min(wait, max(0.0, self.began + self.plan.rst["at"] - now))
        ready, _, _ = select.select([*self.fds.values(), control], [], [], wait)
        if control in ready:
            return False
        for end, fd in self.fds.items():
            if fd not in ready:
                continue
            to = "server" if end == "client" else "client"
            for _ in range(32):
                try:
                    raw = os.read(fd, 70000)
                except BlockingIOError:
                    break
                self.arrive(raw, to, time.monotonic())
        now = time.monotonic()
        self.hand_out(now)
        if self.rst_left and self.began and now >= self.began + self.plan.rst["at"]:
            self.forge(now)
        return True

    def report(self) -> dict:
        if self.zero_since:
            self.zero_s += time.monotonic() - self.zero_since
        late = sorted(self.late)
        return {
            "to_client": dict(self.ways["client"].facts),
            "to_server": dict(self.ways["server"].facts),
            "max_queue_ms": round(self.ways["client"].max_queue * 1000, 1),
            "zero_window_packets": self.zero_windows,
            "first_zero_window_s": self.first_zero and round(self.first_zero, 3),
            "zero_window_s": round(self.zero_s, 3),
            "window_scale": self.scale,
            "least_window": self.windows[0] if self.windows else None,
            "most_window": self.windows[1] if self.windows else None,
            "last_loss_s": self.last_loss and round(self.last_loss, 3),
            "forged": self.injected,
            "icmp": self.icmps,
            "late_ms_p99": round(late[len(late) * 99 // 100] * 1000, 2) if late else None,
            "late_ms_max": round(late[-1] * 1000, 2) if late else None,
        }


def run(plan, host, fds: dict, seed: str, control) -> None:
    """Until `control` says or closes; then writes there what happened."""
    link = Link(plan, host, fds, seed)
    while link.step(control):
        pass
    try:
        control.sendall(json.dumps(link.report()).encode() + b"\n")
    except BrokenPipeError:
        pass  # the run was given up
