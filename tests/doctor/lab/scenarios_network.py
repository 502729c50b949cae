"""What the network does: loses, breaks, is too thin; and a buffer too small for it."""

import random

from plans import Plan
from scenarios_ends import ended, healthy
from vary import any_feed, base, chance, feed, label, log_uniform, pings, rtt_s, start_late


def lossy(facts, out: dict):
    start = out["parameters"]["capture"].get("start_s") or 0
    if (facts.link["last_loss_s"] or 0) < start + 0.5:
        return "nothing was lost in the capture's time"
    if facts.zero_windows:
        return "the window closed"
    if facts.count("server", "RetransSegs") < 2:
        return "hardly anything was sent again"
    return None if facts.server_end == "done" else "the feed did not come to its end"


def loss(rng: random.Random) -> Plan:
    plan = base(rng, "loss", rtt=(1, 150))
    length = rng.uniform(4, 8)
    much = rng.choice([0.01, 0.05, 0.05, 0.15])
    plan.link.loss = [much, much if chance(rng, 0.5) else 0.0]
    plan.link.whole = False
    plan.server.phases = [any_feed(rng, length)]
    start_late(rng, plan, length / 2)
    plan.label = label("packet_loss", "network", "server", "FIN")
    plan.judge = lossy
    return plan


def loss_burst(rng: random.Random) -> Plan:
    plan = loss(rng)
    plan.scenario = "loss_burst"
    plan.link.loss = [0.0, 0.0]
    plan.link.burst = [rng.uniform(0.005, 0.02), rng.uniform(0.15, 0.4), rng.uniform(0.5, 0.9)]
    return plan


def loss_rst(rng: random.Random) -> Plan:
    """So much is lost that the feed does not get through, and the server cuts."""
    plan = loss(rng)
    plan.scenario = "loss_rst"
    much = rng.choice([0.05, 0.1, 0.2])
    plan.link.loss = [much, 0.0]
    plan.link.delay_ms = [round(rng.uniform(15, 90), 2) for _ in range(2)]
    plan.server.congestion = rng.choice(["cubic", "reno"])
    rate = rng.uniform(60_000, 150_000)
    plan.server.phases = [feed(rng, 60, rate)]
    plan.server.backlog_limit = int(rate * rng.uniform(0.5, 2.5))
    plan.server.sndbuf = rng.choice([None, 16_000, 60_000])
    plan.label = label("packet_loss", "network", "server", "RST: backlog limit")

    def judge(facts, out):
        if facts.zero_windows:
            return "the window closed"
        return None if facts.server_end == "backlog" else "the server did not cut"

    plan.judge = judge
    return plan


def outage(rng: random.Random) -> Plan:
    plan = base(rng, "outage")
    at = rng.uniform(1, 4)
    long = rng.uniform(0.5, 4)
    where = rng.choice(["both", "both", "both", "client", "server"])
    plan.link.outages = [[round(at, 2), round(long, 2), where]]
    plan.server.phases = [any_feed(rng, at + long + rng.uniform(2, 5))]
    start_late(rng, plan, at)
    plan.label = label("outage", "network", "server", "FIN")

    def judge(facts, out):
        if facts.count("server", "RetransSegs") < 1:
            return "nothing had to be sent again"
        return ended("done")(facts, out)

    plan.judge = judge
    return plan


def outage_rst(rng: random.Random) -> Plan:
    """During an outage the server loses patience; the client learns it when it speaks again."""
    plan = base(rng, "outage_rst", rtt=(0.1, 100))
    at = rng.uniform(1, 4)
    long = rng.uniform(2, 4)
    plan.link.outages = [[round(at, 2), round(long, 2), "both"]]
    plan.server.phases = [feed(rng, 60, rng.uniform(20_000, 80_000))]
    plan.server.sndbuf = 4608
    plan.server.stall_limit_s = round(long * rng.uniform(0.2, 0.6), 2)
    pings(rng, plan.client)
    start_late(rng, plan, at)
    plan.label = label("outage", "network", "server", "RST: backlog limit, lost; bare RST later")

    def judge(facts, out):
        if facts.server_end != "backlog":
            return "the server did not cut"
        return None if facts.first("client", "error") else "the client was not told"

    plan.judge = judge
    return plan


def blackhole(rng: random.Random) -> Plan:
    plan = base(rng, "blackhole", rtt=(0.1, 120))
    at = rng.uniform(1, 4)
    plan.link.outages = [[round(at, 2), 1000, "both"]]
    plan.server.phases = [any_feed(rng, 60)]
    pings(rng, plan.client)
    if chance(rng, 0.5):
        plan.server.user_timeout_ms = rng.randrange(3000, 7000)
        plan.client.user_timeout_ms = rng.randrange(3000, 7000)
        if chance(rng, 0.3):
            plan.client.ping_every_s = None
            plan.client.keepalive = [1, 1, 4]
        how = "timed out both"
    else:
        plan.capture.stop_s = round(at + rng.uniform(3, 7), 2)
        how = "open at the end of the capture"
    start_late(rng, plan, at)
    plan.label = label("peer_unreachable", "network", "none", how)
    plan.judge = unreachable
    return plan


def unreachable(facts, out: dict):
    side = out["capture_side"]
    if facts.count(side, "RetransSegs") < 2 and facts.count(side, "TCPKeepAlive") < 2:
        return "nothing was sent again on the capture's side"
    return healthy(facts, out)


def blackhole_icmp(rng: random.Random) -> Plan:
    """A router says that the host can't be reached."""
    plan = blackhole(rng)
    plan.scenario = "blackhole_icmp"
    at = plan.link.outages[0][0]
    code = rng.choice(["host", "host", "net", "admin"])
    plan.link.icmp = {"at": at, "to": ["client", "server"], "code": code}
    plan.capture.filter = ""
    plan.label["how"] += f", with ICMP {code} unreachable"

    def judge(facts, out):
        return unreachable(facts, out) if facts.link["icmp"] else "no ICMP was sent"

    plan.judge = judge
    return plan


def narrow(rng: random.Random, plan: Plan, rate: float, queue: tuple) -> None:
    plan.link.rate_kbit = [round(rate * 8 / 1000), None]
    plan.link.queue_bytes = int(max(30_000, rate * rng.uniform(*queue)))
    plan.link.whole = False


def inflated(plan: Plan, least_ms: float):
    least = max(least_ms, 2 * rtt_s(plan) * 1000)

    def check(facts):
        if facts.zero_windows:
            return "the window closed"
        if facts.link["max_queue_ms"] < least:
            return f"the queue grew to {facts.link['max_queue_ms']} ms only"
        return None

    return check


def bottleneck_rst(rng: random.Random) -> Plan:
    plan = base(rng, "bottleneck_rst", rtt=(0.5, 100))
    rate = rng.uniform(30_000, 200_000)
    length = rng.uniform(4, 8)
    capacity = rate * rng.uniform(0.3, 0.7)
    narrow(rng, plan, capacity, (0.6, 3))
    plan.server.phases = [feed(rng, 60, rate)]
    if chance(rng, 0.4):
        plan.server.phases.insert(0, feed(rng, 2, capacity * 0.5))
    plan.server.sndbuf = rng.choice([None, 16_000, 60_000])
    plan.server.backlog_limit = int(max(4000, (rate - capacity) * length - capacity))
    start_late(rng, plan, 2, 0.2)
    plan.label = label("path_bottleneck", "network", "server", "RST: backlog limit")
    check = inflated(plan, 150)

    def judge(facts, out):
        return check(facts) or (None if facts.server_end == "backlog" else "the server did not cut")

    plan.judge = judge
    return plan


def bottleneck_fin(rng: random.Random) -> Plan:
    plan = base(rng, "bottleneck_fin", rtt=(0.5, 100))
    capacity = rng.uniform(15_000, 150_000)
    narrow(rng, plan, capacity, (0.6, 3))
    length = rng.uniform(4, 7)
    if chance(rng, 0.4):
        plan.server.phases = [{"bytes": int(capacity * length)}]
    else:
        plan.server.phases = [feed(rng, length * 0.7, capacity * rng.uniform(1.2, 1.8))]
    start_late(rng, plan, 2, 0.2)
    plan.label = label("path_bottleneck", "network", "server", "FIN")
    check = inflated(plan, 150)

    def judge(facts, out):
        return check(facts) or (None if facts.server_end == "done" else "no end")

    plan.judge = judge
    return plan


def rwnd_limited(rng: random.Random) -> Plan:
    """A client that reads at once, with a buffer too small for the way."""
    plan = base(rng, "rwnd_limited", rtt=(40, 200))
    plan.client.rcvbuf = int(log_uniform(rng, 4000, 64_000))
    rate = 1.5 * plan.client.rcvbuf / rtt_s(plan)
    length = rng.uniform(2.5, 6)
    plan.label = label("rwnd_limited", "none", "server", "FIN")
    if chance(rng, 0.25) and rate < 150_000:
        plan.server.phases = [feed(rng, 60, rate * rng.uniform(1.5, 2.5))]
        plan.server.backlog_limit = int(rate * length * 0.5)
        plan.label["how"] = "RST: backlog limit"
    else:
        plan.server.phases = [{"bytes": int(rate * length)}]
    start_late(rng, plan, 1.5, 0.2)

    def judge(facts, out):
        if facts.share("rwnd_limited_us") < 0.5:
            return "the window was not the limit"
        return healthy(facts, out)

    plan.judge = judge
    return plan


def sndbuf_limited(rng: random.Random) -> Plan:
    """The server's own send buffer is too small for the way: neither client nor network."""
    plan = base(rng, "sndbuf_limited", rtt=(40, 200))
    plan.server.sndbuf = int(log_uniform(rng, 2304, 20_000))
    rate = plan.server.sndbuf / rtt_s(plan)
    length = rng.uniform(3, 6)
    plan.label = label("sndbuf_limited", "server", "server", "FIN")
    if chance(rng, 0.6):
        plan.server.phases = [feed(rng, 60, rate * rng.uniform(1.5, 3))]
        plan.server.backlog_limit = int(rate * length)
        plan.label["how"] = "RST: backlog limit"
    else:
        plan.server.phases = [feed(rng, length * 0.5, rate)]
    start_late(rng, plan, 1.5, 0.2)

    def judge(facts, out):
        if facts.share("sndbuf_limited_us") < 0.4:
            return "the send buffer was not the limit"
        return healthy(facts, out)

    plan.judge = judge
    return plan


def third_party_rst(rng: random.Random) -> Plan:
    plan = base(rng, "third_party_rst")
    at = rng.uniform(1, 6)
    to = rng.choice([["client", "server"], ["client", "server"], ["client"], ["server"]])
    if len(to) == 1:
        plan.capture.side = to[0]
    real = [64 - hops for hops in plan.link.hops]
    ttl = rng.choice([t for t in range(30, 256, 1) if all(abs(t - r) > 3 for r in real)])
    plan.link.rst = {
        "at": round(at, 2),
        "to": to,
        "ttl": ttl,
        "count": rng.choice([1, 1, 2, 3]),
        "ack": chance(rng, 0.4),
        "id": rng.choice([0, 0, rng.randrange(65536)]),
    }
    plan.server.phases = [any_feed(rng, 60)]
    plan.capture.stop_s = round(at + rng.uniform(1.5, 3), 2)
    start_late(rng, plan, at)
    how = f"RST ttl {ttl} to {' and '.join(to)}"
    plan.label = label("third_party_rst", "none", "middlebox", how)

    def judge(facts, out):
        for side in to:
            error = facts.first(side, "error")
            if not error or error["errno"] not in (32, 104):
                return f"the {side} was not reset"
        return healthy(facts, out)

    plan.judge = judge
    return plan


SCENARIOS = [
    loss, loss_burst, loss_rst, outage, outage_rst, blackhole, blackhole_icmp, bottleneck_rst,
    bottleneck_fin, rwnd_limited, sndbuf_limited, third_party_rst,
]
