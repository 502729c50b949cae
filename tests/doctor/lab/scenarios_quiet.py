"""Silence: of the server, of the client; and connections that never came to be."""

import random

from plans import Plan
from scenarios_ends import ended, healthy
from vary import any_feed, base, chance, label, pings, start_late


def silent(rng: random.Random) -> Plan:
    """Gaps of seconds in the feed."""
    plan = base(rng, "silent")
    plan.server.phases = []
    for _ in range(rng.choice([1, 1, 2])):
        plan.server.phases += [
            any_feed(rng, rng.uniform(1, 2.5)),
            {"s": round(rng.uniform(2, 8 if len(plan.server.phases) == 0 else 4), 2)},
        ]
    if chance(rng, 0.5):
        plan.server.phases.append(any_feed(rng, rng.uniform(1, 3)))
    start_late(rng, plan, plan.server.phases[0]["s"])
    plan.label = label("server_silent", "server", "server", "FIN")
    if chance(rng, 0.25):
        last = sum(phase["s"] for phase in plan.server.phases)
        plan.server.phases = plan.server.phases[:2]
        plan.server.phases[1]["s"] = 60
        plan.capture.stop_s = round(max(4, last), 2)
        # Without them the capture would end with the feed, and nothing would show the silence.
        pings(rng, plan.client)
        how = "open at the end of the capture, silent"
        plan.label = label("server_silent", "server", "none", how)
    plan.judge = healthy
    return plan


def never_accepted(rng: random.Random) -> Plan:
    """The kernel takes the connection, the program never does."""
    plan = base(rng, "never_accepted")
    plan.server.accept = False
    pings(rng, plan.client)
    plan.capture.stop_s = round(rng.uniform(3, 7), 2)
    plan.label = label("server_silent", "server", "none", "never a byte of the server's")
    plan.judge = healthy
    return plan


def idle(rng: random.Random) -> Plan:
    """The server feeds on, hears nothing from the client, and closes."""
    plan = base(rng, "idle")
    limit = rng.choice([1.5, 2, 3, 4, 5, 6])
    plan.server.idle_timeout_s = limit
    plan.server.idle_how = rng.choice(["fin", "fin", "rst"])
    plan.client.ping_every_s = None
    quiet_from = 0.0
    if chance(rng, 0.6):
        pings(rng, plan.client)
        plan.client.ping_every_s = min(plan.client.ping_every_s, limit * 0.6)
        quiet_from = rng.uniform(1, 4)
        plan.client.ping_until_s = round(quiet_from, 2)
    plan.server.phases = [any_feed(rng, 60)]
    both = chance(rng, 0.4)
    if both:
        # Silent on both sides: the feed ends before the server's patience does.
        length = max(0.3, quiet_from + limit * rng.uniform(0.1, 0.6))
        plan.server.phases = [any_feed(rng, length), {"s": 60}]
    how = plan.server.idle_how.upper()
    plan.label = label("server_idle_timeout", "none", "server", how)
    if quiet_from == 0.0 and how == "FIN":
        plan.label["same_on_wire"] = ["none"]
    start_late(rng, plan, quiet_from + limit * 0.3 if quiet_from else 0)
    plan.judge = ended("idle")
    return plan


def refused(rng: random.Random) -> Plan:
    plan = base(rng, "refused")
    plan.server.listen = False
    plan.label = label("refused", "none", "server", "RST to SYN")
    plan.judge = failed(111)
    return plan


def failed(*numbers: int):
    def judge(facts, out):
        said = facts.first("client", "no_connection")
        if not said:
            return "it was connected"
        if said["errno"] not in numbers:
            return f"another errno: {said['errno']}"
        return None

    return judge


def syn_icmp(rng: random.Random) -> Plan:
    """A router or a packet filter answers the SYN."""
    plan = base(rng, "syn_icmp")
    plan.link.drop_syn = 1000
    code, cause, numbers = rng.choice([
        ("port", "refused", (111,)),
        ("admin", "prohibited", (113, 13, 111)),
        ("host", "peer_unreachable", (113,)),
        ("net", "peer_unreachable", (101,)),
    ])
    plan.link.icmp = {"at": 0, "to": ["client"], "code": code}
    plan.capture.filter = ""
    plan.capture.side = "client"
    plan.capture.stop_s = 2.0
    plan.label = label(cause, "network", "middlebox", f"ICMP {code} unreachable to SYN")
    if code == "port":
        plan.label["stalled_by"] = "none"
    plan.judge = failed(*numbers)
    return plan


def syn_timeout(rng: random.Random) -> Plan:
    plan = base(rng, "syn_timeout")
    plan.client.connect_timeout_s = round(rng.uniform(2.5, 6), 1)
    if chance(rng, 0.35):
        plan.link.drop_synack = 1000
        how = "client gave up; the server's answers were lost"
    else:
        plan.link.drop_syn = 1000
        plan.capture.side = "client"
        how = "client gave up"
    plan.capture.stop_s = plan.client.connect_timeout_s + 1
    plan.label = label("syn_timeout", "none", "none", how)
    plan.judge = failed(None)
    return plan


def syn_late(rng: random.Random) -> Plan:
    """The first SYNs are lost, then all is well."""
    plan = base(rng, "syn_late")
    plan.link.drop_syn = rng.choice([1, 2])
    length = rng.uniform(2, 4)
    plan.server.phases = [any_feed(rng, length)]
    plan.capture.side = "client"
    how = "FIN; the first SYNs were lost"
    plan.label = label("none", "none", "server", how, also=["packet_loss"])
    plan.judge = ended("done")
    return plan


SCENARIOS = [silent, never_accepted, idle, refused, syn_icmp, syn_timeout, syn_late]
