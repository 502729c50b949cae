"""A client that does not read in time."""

import random

from plans import Plan
from vary import base, buffers, chance, feed, label, log_uniform, start_late

SLOW = ("slow_consumer", "client")


def overload(rng: random.Random, plan: Plan, fill: tuple, **sizes) -> tuple:
    """Buffers, and a rate that fills them in so many seconds: (rate, seconds)."""
    room = buffers(rng, plan, **sizes)
    rate = min(300_000, max(3_000, room / rng.uniform(*fill)))
    if chance(rng, 0.7):
        plan.server.sndbuf = int(log_uniform(rng, 2304, 65536))
    plan.client.ping_in_stall = chance(rng, 0.3)
    return rate, 1.6 * room / rate


def cut_after(rng: random.Random, plan: Plan, rate: float, fill: float, after: float) -> None:
    """A limit, in bytes or seconds, that is reached about `after` seconds into the stall."""
    held = rate * (after - fill) - 1.5 * (plan.server.sndbuf or 60_000)
    if held > 3000 and chance(rng, 0.6):
        plan.server.backlog_limit = int(held * rng.uniform(0.3, 1))
    else:
        plan.server.stall_limit_s = round(max(0.4, after - fill - 0.4), 2)


def was_cut(facts, out: dict):
    if facts.server_end != "backlog":
        return f"the server did not cut: {facts.server_end}"
    if not facts.zero_windows:
        return "the window never closed"
    return None


def slow_rst(rng: random.Random) -> Plan:
    plan = base(rng, "slow_rst")
    before = rng.uniform(0.4, 3.5)
    rate, fill = overload(rng, plan, (0.2, 1.2))
    stall = fill + rng.uniform(2.5, 7)
    plan.client.reads = [[round(before, 2), "fast"], [round(stall, 2), "stall"]]
    plan.server.phases = [feed(rng, before + stall + 10, rate)]
    plan.server.cut = "rst"
    cut_after(rng, plan, rate, fill, fill + (stall - fill) * rng.uniform(0.3, 0.8))
    start_late(rng, plan, before + (fill if chance(rng, 0.5) else 0))
    plan.label = label(*SLOW, "server", "RST: backlog limit")
    plan.judge = was_cut
    return plan


def slow_fin(rng: random.Random) -> Plan:
    """The FIN waits behind what the server's kernel still holds."""
    plan = slow_rst(rng)
    plan.scenario = "slow_fin"
    plan.server.cut = "fin"
    plan.label = label(*SLOW, "server", "FIN: backlog limit, behind the kernel's backlog")
    return plan


def slow_user_timeout(rng: random.Random) -> Plan:
    plan = base(rng, "slow_user_timeout")
    before = rng.uniform(0.4, 3)
    rate, fill = overload(rng, plan, (0.2, 1.0))
    plan.server.user_timeout_ms = rng.randrange(1500, 4500)
    stall = fill + plan.server.user_timeout_ms / 1000 + rng.uniform(2.5, 5)
    plan.client.reads = [[round(before, 2), "fast"], [round(stall, 2), "stall"]]
    plan.server.phases = [feed(rng, before + stall + 10, rate)]
    start_late(rng, plan, before)
    how = "TCP_USER_TIMEOUT, silent"
    if chance(rng, 0.3):
        plan.capture.stop_s = round(before + stall - 0.3, 2)
    else:
        how += "; bare RST to what the client sends later"
    plan.label = label(*SLOW, "server", how)

    def judge(facts, out):
        error = facts.first("server", "error")
        if not error or error["errno"] != 110:
            return "the server's timeout did not strike"
        return None if facts.zero_windows else "the window never closed"

    plan.judge = judge
    return plan


def slow_open(rng: random.Random) -> Plan:
    """Still stalled when the capture ends."""
    plan = base(rng, "slow_open")
    before = rng.uniform(0.4, 3)
    rate, fill = overload(rng, plan, (0.2, 1.2))
    stall = fill + rng.uniform(1.5, 7)
    plan.client.reads = [[round(before, 2), "fast"], [stall + 20, "stall"]]
    plan.server.phases = [feed(rng, before + stall + 20, rate)]
    plan.server.on_full = rng.choice(["queue", "drop", "block"])
    plan.capture.stop_s = round(before + stall, 2)
    start_late(rng, plan, before)
    plan.label = label(*SLOW, "none", "open at the end of the capture, window closed")
    plan.judge = lambda facts, out: None if facts.zero_windows else "the window never closed"
    return plan


def slow_flap(rng: random.Random) -> Plan:
    """Reads a bit, stands still, reads a bit."""
    plan = base(rng, "slow_flap")
    before = rng.uniform(0.3, 2)
    rate, fill = overload(rng, plan, (0.15, 0.7), high=40_000)
    room = rate * fill
    at_once = int(max(600, room * rng.uniform(0.4, 1.2)))
    pause = max(0.3, at_once / (rate * rng.uniform(0.2, 0.6)))
    length = rng.uniform(4, 9)
    plan.client.reads = [[round(before, 2), "fast"], [30, "flap", at_once, round(pause, 3)]]
    plan.server.phases = [feed(rng, before + length + 20, rate)]
    end = rng.choice(["rst", "rst", "fin", "open"])
    if end == "open":
        plan.server.on_full = rng.choice(["queue", "drop", "block"])
        plan.capture.stop_s = round(before + length, 2)
        plan.label = label(*SLOW, "none", "open at the end of the capture, flapping")
    else:
        plan.server.cut = end
        cut_after(rng, plan, rate * 0.6, 0, length)
        if plan.server.stall_limit_s:
            # Whole backlogs drain now and then: only a limit in bytes is sure to come.
            plan.server.stall_limit_s = None
            plan.server.backlog_limit = int(max(2000, rate * 0.3 * length))
        plan.label = label(*SLOW, "server", f"{end.upper()}: backlog limit")
    if chance(rng, 0.35):
        plan.capture.start_s = round(before + rng.uniform(0.3, 0.6) * length, 2)

    def judge(facts, out):
        if facts.zero_windows < 2:
            return "it did not flap"
        return None if end == "open" or facts.server_end == "backlog" else "the server did not cut"

    plan.judge = judge
    return plan


def slow_rate(rng: random.Random) -> Plan:
    """Reads all the time, but less than comes, to the end."""
    plan = base(rng, "slow_rate")
    length = rng.uniform(3, 6)
    rate, fill = overload(rng, plan, (0.05, 0.3), high=30_000)
    share = rng.uniform(0.35, 0.75)
    chunk = int(max(50, rate * fill * rng.uniform(0.02, 0.3)))
    plan.client.reads = [[60, "rate", round(rate * share), chunk]]
    plan.server.phases = [feed(rng, length, rate)]
    start_late(rng, plan, length * 0.7)
    plan.label = label(*SLOW, "server", "FIN, after all was read")

    def judge(facts, out):
        if facts.server_end != "done":
            return "the feed did not come to its end"
        if facts.share("rwnd_limited_us") < 0.25 and facts.zero_windows < 2:
            return "the window was never in the way"
        return None

    plan.judge = judge
    return plan


def recovered(facts, out: dict):
    if facts.server_end not in ("done", "time", None):
        return f"the server ended it: {facts.server_end}"
    if not facts.zero_windows:
        return "the window never closed"
    return None if facts.count("client", "TCPFromZeroWindowAdv") else "it did not open again"


def slow_recovered(rng: random.Random) -> Plan:
    """One stall, then well for long."""
    plan = base(rng, "slow_recovered")
    before = rng.uniform(0.4, 3)
    rate, fill = overload(rng, plan, (0.2, 1.0))
    stall = fill + rng.uniform(0.5, 3.5)
    after = rng.uniform(4, 7)
    plan.client.reads = [[round(before, 2), "fast"], [round(stall, 2), "stall"]]
    plan.server.phases = [feed(rng, before + stall + after, rate)]
    plan.server.on_full = rng.choice(["queue", "queue", "drop", "block"])
    start_late(rng, plan, before)
    plan.label = label("slow_consumer_recovered", "client", "server", "FIN")
    if chance(rng, 0.3):
        plan.capture.stop_s = round(before + stall + after * 0.8, 2)
        how = "open at the end of the capture"
        plan.label = label("slow_consumer_recovered", "client", "none", how)
    plan.judge = recovered
    return plan


def slow_short(rng: random.Random) -> Plan:
    """Stands still for no more than 0.3 s, once or a few times."""
    plan = base(rng, "slow_short", rtt=(0.1, 60))
    before = rng.uniform(0.6, 3)
    rate, fill = overload(rng, plan, (0.03, 0.12), high=12_000)
    plan.client.reads = []
    for _ in range(rng.choice([1, 1, 2, 4])):
        plan.client.reads += [[round(before, 2), "fast"], [0.3, "stall"]]
    length = len(plan.client.reads) // 2 * (before + 0.3)
    plan.server.phases = [feed(rng, length + rng.uniform(2, 4), rate)]
    start_late(rng, plan, before)
    plan.label = label("slow_consumer_recovered", "client", "server", "FIN")

    def judge(facts, out):
        if facts.zero_windows:
            return recovered(facts, out)
        # What is left of the window may be too little for the next record: closed but in name.
        out["cause"] = "slow_consumer_recovered(never zero)"
        return None if shrank(facts, 0.3) else "the window hardly shrank"

    plan.judge = judge
    return plan


def shrank(facts, share: float) -> bool:
    return facts.link["least_window"] < share * facts.link["most_window"]


def slow_never_zero(rng: random.Random) -> Plan:
    """Stalls that eat into the window and end before it closes."""
    plan = base(rng, "slow_never_zero")
    rate, fill = overload(rng, plan, (0.6, 2.0), low=12_000)
    before = rng.uniform(0.4, 2)
    stall = fill * rng.uniform(0.45, 0.8)
    plan.client.reads = []
    for _ in range(rng.randrange(1, 4)):
        plan.client.reads += [[round(before, 2), "fast"], [round(stall, 2), "stall"]]
    length = len(plan.client.reads) // 2 * (before + stall)
    plan.server.phases = [feed(rng, length + rng.uniform(1, 4), rate)]
    start_late(rng, plan, before)
    plan.label = label("slow_consumer_recovered(never zero)", "client", "server", "FIN")

    def judge(facts, out):
        if facts.link["zero_window_packets"]:
            return "the window closed"
        return None if shrank(facts, 0.7) else "the window hardly shrank"

    plan.judge = judge
    return plan


def slow_killed(rng: random.Random) -> Plan:
    """Somebody loses patience with a client that stands still, and kills it."""
    plan = base(rng, "slow_killed")
    before = rng.uniform(0.4, 3)
    rate, fill = overload(rng, plan, (0.2, 1.0))
    at = before + fill + rng.uniform(1, 4)
    plan.client.reads = [[round(before, 2), "fast"], [40, "stall"]]
    plan.client.end_at_s, plan.client.end = round(at, 2), "kill"
    plan.server.phases = [feed(rng, at + 20, rate)]
    plan.server.on_client_eof = "continue"
    start_late(rng, plan, before)
    plan.label = label("client_killed", "client", "client", "RST: killed with unread bytes")
    plan.label["also"] = ["slow_consumer"]
    plan.judge = lambda facts, out: None if facts.zero_windows else "the window never closed"
    return plan


def slow_loss(rng: random.Random) -> Plan:
    """Two at once: a link that loses some, a client that does not read."""
    plan = slow_rst(rng)
    plan.scenario = "slow_loss"
    plan.link.loss = [rng.choice([0.01, 0.02, 0.03]), rng.choice([0, 0.01])]
    plan.label["also"] = ["packet_loss"]
    return plan


SCENARIOS = [
    slow_rst, slow_fin, slow_user_timeout, slow_open, slow_flap, slow_rate, slow_recovered,
    slow_short, slow_never_zero, slow_killed, slow_loss,
]
