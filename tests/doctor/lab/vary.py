"""What differs from run to run whatever the scenario: addresses, settings, rates, captures."""

import math
import random

from plans import CapturePlan, ClientPlan, HostPlan, LinkPlan, Plan, ServerPlan

HEADERS = {4: 20, 6: 40}
PORTS = [80, 443, 1883, 4000, 4222, 5001, 6379, 8080, 9000, 30005, 30003, 50051]


def log_uniform(rng: random.Random, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def chance(rng: random.Random, p: float) -> bool:
    return rng.random() < p


def host(rng: random.Random) -> HostPlan:
    family = 6 if chance(rng, 0.25) else 4
    if family == 6:
        nets = rng.sample(range(1, 0xFFFF), 2)
        addresses = [f"fd00:{net:x}::{rng.randrange(1, 0xFFFF):x}" for net in nets]
    elif chance(rng, 0.5):
        addresses = [f"10.99.{rng.randrange(256)}.{n}" for n in rng.sample(range(1, 255), 2)]
    else:
        addresses = [f"203.0.113.{rng.randrange(1, 255)}", f"192.168.{rng.randrange(256)}.7"]
    plan = HostPlan(
        family=family,
        device="tun" if chance(rng, 0.2) else "tap",
        mtu=rng.choices([1500, 1400, 1280, 9000], [80, 8, 6, 6])[0],
        port=rng.choice(PORTS) if chance(rng, 0.6) else rng.randrange(1024, 32000),
        addresses=addresses,
    )
    both = {}
    if chance(rng, 0.2):
        both["net.ipv4.tcp_timestamps"] = 0
    if chance(rng, 0.15):
        both["net.ipv4.tcp_sack"] = 0
    if chance(rng, 0.1):
        both["net.ipv4.tcp_ecn"] = 1
    if chance(rng, 0.06):
        both["net.ipv4.tcp_window_scaling"] = 0
    plan.server_sysctls = dict(both)
    plan.client_sysctls = dict(both)
    # The scale a client offers follows from the largest buffer it may ever have.
    if chance(rng, 0.6):
        largest = rng.choice([6 << 20, 12 << 20, 16 << 20, 64 << 20, 256 << 20, 1 << 30])
        plan.client_sysctls["net.ipv4.tcp_rmem"] = f"4096 131072 {largest}"
    if chance(rng, 0.15):
        # The same buffers may become smaller: the right edge moves back.
        plan.client_sysctls["net.ipv4.tcp_shrink_window"] = 1
    return plan


def link(rng: random.Random, rtt: tuple) -> LinkPlan:
    total = log_uniform(rng, *rtt)
    share = 0.5 if chance(rng, 0.7) else rng.uniform(0.2, 0.8)
    plan = LinkPlan(delay_ms=[round(total * share, 3), round(total * (1 - share), 3)])
    if total < 0.4:
        plan.delay_ms = [0.0, 0.0]
    if chance(rng, 0.2):
        plan.jitter_ms = round(total * rng.uniform(0.02, 0.2), 3)
    if chance(rng, 0.6):
        plan.hops = [rng.randrange(1, 16), rng.randrange(1, 16)]
    if chance(rng, 0.3):
        plan.offload = True
        plan.whole = chance(rng, 0.7)
    return plan


def capture(rng: random.Random, host: HostPlan) -> CapturePlan:
    plan = CapturePlan(side="client" if chance(rng, 0.6) else "server")
    plan.snaplen = rng.choices([96, 54, 262144], [50, 20, 30])[0]
    plan.tail_s = round(rng.uniform(0.2, 1.2), 2)
    layer2 = 14 if host.device == "tap" else 0
    if chance(rng, 0.08):
        plan.tool = "dumpcap"
        if chance(rng, 0.3):
            plan.any = True
    else:
        plan.any = chance(rng, 0.18)
        plan.nano = chance(rng, 0.12)
        if plan.any and chance(rng, 0.3):
            plan.link_type = "LINUX_SLL"
    if plan.any:
        layer2 = 20
    # Below this the TCP header itself is cut: then no capture could tell anything.
    plan.snaplen = max(plan.snaplen, layer2 + HEADERS[host.family] + 20)
    if chance(rng, 0.5):
        plan.filter = "tcp or icmp or icmp6"
    return plan


def pings(rng: random.Random, client: ClientPlan) -> None:
    client.ping_every_s = round(rng.uniform(0.3, 2.0), 2)
    client.ping_size = rng.choice([1, 2, 3, 3, 3, 8, 40])


def base(rng: random.Random, scenario: str, rtt: tuple = (0.1, 200)) -> Plan:
    client, server = ClientPlan(), ServerPlan()
    if chance(rng, 0.6):
        pings(rng, client)
        if chance(rng, 0.3):
            server.pong = rng.randrange(2, 40)
    if chance(rng, 0.15):
        client.rcvbuf = int(log_uniform(rng, 70_000, 4 << 20))
    server.congestion = rng.choices(["cubic", "reno", "bbr"], [65, 15, 20])[0]
    server.content = rng.choice(["random", "text", "tls"])
    server.nodelay = chance(rng, 0.85)
    server.end = "shutdown" if chance(rng, 0.3) else "fin"
    client.eof_delay_s = 0.0 if chance(rng, 0.7) else round(rng.uniform(0.01, 0.8), 2)
    at = host(rng)
    return Plan(scenario, server, client, link(rng, rtt), at, capture(rng, at))


def rtt_s(plan: Plan) -> float:
    return sum(plan.link.delay_ms) / 1000


def feed(rng: random.Random, seconds: float, rate: float, size: list = None) -> dict:
    """A phase of about `rate` bytes a second."""
    if size is None:
        low = int(log_uniform(rng, 20, 700))
        size = [low, int(low * rng.uniform(1, 3))]
    mean = sum(size) / 2
    n = 1
    while n * mean / rate < 0.004:
        n += 1
    if chance(rng, 0.2):
        n *= rng.randrange(2, 6)
    return {"s": round(seconds, 2), "every": round(n * mean / rate, 5), "n": n, "size": size}


def any_feed(rng: random.Random, seconds: float) -> dict:
    """One of 5 to 100 ticks a second or more, and at most some 100 kB a second."""
    low = int(log_uniform(rng, 20, 900))
    size = [low, int(low * rng.uniform(1, 2.5))]
    every = log_uniform(rng, 0.008, 0.12)
    while sum(size) / 2 / every > 120_000:
        every *= 2
    return {"s": round(seconds, 2), "every": round(every, 4), "size": size}


def start_late(rng: random.Random, plan: Plan, event_s: float, p: float = 0.25) -> None:
    """Lets some captures begin in mid-connection, before what is to be seen."""
    if chance(rng, p) and event_s > 0.6:
        plan.capture.start_s = round(rtt_s(plan) * 2 + rng.uniform(0.2, 0.8) * event_s, 2)
        if plan.capture.start_s > event_s - 0.2:
            plan.capture.start_s = round(max(0.1, event_s * 0.5), 2)


def buffers(rng: random.Random, plan: Plan, low: int = 2304, high: int = 65536) -> float:
    """Chooses the client's receive buffer; about how many bytes close its window comes back.

    The kernel learns how much of its memory small segments waste, so it may be twice as many.
    """
    plan.client.rcvbuf = None
    style = rng.choices(["rcvbuf", "sysctl", "clamp", "default"], [45, 30, 10, 15])[0]
    if style == "default" and high >= 65536:
        return 64000
    size = int(log_uniform(rng, low, high))
    if style == "clamp":
        plan.client.window_clamp = size
        return size
    if style == "sysctl":
        largest = rng.choice([6 << 20, 32 << 20, 128 << 20, 1 << 30])
        plan.host.client_sysctls["net.ipv4.tcp_rmem"] = f"4096 {2 * size} {largest}"
        plan.host.client_sysctls["net.ipv4.tcp_moderate_rcvbuf"] = int(chance(rng, 0.4))
        return size
    plan.client.rcvbuf = size
    return size


def label(cause: str, stalled_by: str, ended_by: str, how: str, **more) -> dict:
    return {"cause": cause, "stalled_by": stalled_by, "ended_by": ended_by, "how": how, **more}
