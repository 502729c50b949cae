"""Connections that end in order, and ends that were killed."""

import random

from plans import Plan
from vary import any_feed, base, buffers, label, pings, start_late


def healthy(facts, out: dict):
    if facts.zero_windows:
        return "the window closed"
    if not facts.first("client", "connected"):
        return "no connection"
    return None


def ended(why: str):
    def judge(facts, out):
        if facts.server_end != why:
            return f"the server ended for another reason: {facts.server_end}"
        return healthy(facts, out)

    return judge


def none_fin(rng: random.Random) -> Plan:
    plan = base(rng, "none_fin")
    length = rng.uniform(2, 9)
    buffers(rng, plan, low=16_000, high=200_000)
    plan.server.phases = [any_feed(rng, length)]
    start_late(rng, plan, length)
    plan.label = label("none", "none", "server", "FIN")
    plan.judge = ended("done")
    return plan


def none_reorder(rng: random.Random) -> Plan:
    """Nothing wrong but packets that overtake each other or come twice."""
    plan = none_fin(rng)
    plan.scenario = "none_reorder"
    plan.link.reorder = rng.choice([0.01, 0.03])
    plan.link.reorder_ms = round(rng.uniform(1, 15), 1)
    plan.link.duplicate = rng.choice([0, 0.01])
    return plan


def none_bursts(rng: random.Random) -> Plan:
    """Bursts that overrun a small buffer for moments, though the client reads at once."""
    plan = base(rng, "none_bursts", rtt=(0.1, 20))
    plan.client.rcvbuf = rng.randrange(3000, 20_000)
    phases = plan.server.phases
    for _ in range(rng.randrange(3, 7)):
        phases += [{"bytes": rng.randrange(20_000, 200_000)}, any_feed(rng, rng.uniform(0.5, 1.5))]
    plan.label = label("none", "none", "server", "FIN")

    def judge(facts, out):
        if facts.link["zero_window_s"] > 0.1:
            return "the window was closed for long"
        return None if facts.server_end == "done" else "no end"

    plan.judge = judge
    return plan


def none_client_fin(rng: random.Random) -> Plan:
    """The client says good-bye; the server answers in kind."""
    plan = base(rng, "none_client_fin")
    length = rng.uniform(2, 8)
    plan.server.phases = [any_feed(rng, length - 0.8), {"s": 20}]
    plan.client.end_at_s = round(length, 2)
    plan.client.end = rng.choice(["close", "shutdown"])
    plan.server.end = "open"
    start_late(rng, plan, length)
    plan.label = label("none", "none", "client", "FIN")
    plan.judge = ended("client closed")
    return plan


def none_half_close(rng: random.Random) -> Plan:
    """The client closes its half early and goes on reading."""
    plan = base(rng, "none_half_close")
    length = rng.uniform(3, 8)
    plan.server.phases = [any_feed(rng, length)]
    plan.server.on_client_eof = "continue"
    plan.client.end_at_s = round(rng.uniform(0.1, 0.6) * length, 2)
    plan.client.end = "shutdown"
    how = "FIN, after the client's half was closed long before"
    plan.label = label("none", "none", "server", how)
    plan.judge = ended("done")
    return plan


def none_open(rng: random.Random) -> Plan:
    plan = base(rng, "none_open")
    length = rng.uniform(2, 9)
    plan.server.phases = [any_feed(rng, 60)]
    plan.server.end = "open"
    plan.capture.stop_s = round(length, 2)
    start_late(rng, plan, length)
    plan.label = label("none", "none", "none", "open at the end of the capture")
    plan.judge = healthy
    return plan


def none_close_unread(rng: random.Random) -> Plan:
    plan = base(rng, "none_close_unread", rtt=(0.1, 100))
    length = rng.uniform(2, 7)
    pings(rng, plan.client)
    plan.client.ping_every_s = min(plan.client.ping_every_s, length / 3)
    plan.server.read = False
    plan.server.end = "fin"
    plan.server.phases = [any_feed(rng, length)]
    start_late(rng, plan, length)
    how = "RST: close() with unread client bytes"
    plan.label = label("none", "none", "server", how, same_on_wire=["server_killed"])

    def judge(facts, out):
        if facts.sent("fin", "server") or not facts.sent("rst", "server"):
            return "it did not end in an RST"
        return ended("done")(facts, out)

    plan.judge = judge
    return plan


def none_close_notify(rng: random.Random) -> Plan:
    """A TLS client's good-bye meets a socket that is gone: RSTs after an orderly end."""
    plan = base(rng, "none_close_notify")
    length = rng.uniform(2, 7)
    plan.server.content = "tls"
    plan.server.end = "fin"
    plan.client.at_eof = "close_notify"
    plan.server.phases = [any_feed(rng, length)]
    start_late(rng, plan, length)
    plan.label = label("none", "none", "server", "FIN, then RST to the client's close_notify")
    plan.judge = ended("done")
    return plan


def client_killed(rng: random.Random) -> Plan:
    """Nothing unread: a FIN, then RSTs to what still comes."""
    plan = base(rng, "client_killed")
    at = rng.uniform(1, 7)
    plan.server.phases = [any_feed(rng, 60)]
    plan.server.on_client_eof = "continue"
    plan.client.end_at_s, plan.client.end = round(at, 2), "kill"
    start_late(rng, plan, at)
    plan.label = label("client_killed", "none", "client", "FIN then RST")
    plan.judge = died("client", "fin")
    return plan


def died(side: str, by: str):
    """`by`: what the wire must have shown of it first."""

    def judge(facts, out):
        end = facts.first(side, "end")
        if not end or end.get("why", "time") != "time":
            return f"the {side} did not get to its end"
        if by == "rst" and (facts.sent("fin", side) or not facts.sent("rst", side)):
            return f"the {side}'s end was no RST"
        if by == "fin" and not facts.sent("fin", side):
            return f"the {side}'s end was no FIN"
        return healthy(facts, out)

    return judge


def client_killed_unread(rng: random.Random) -> Plan:
    plan = base(rng, "client_killed_unread")
    at = rng.uniform(1, 7)
    plan.server.phases = [any_feed(rng, 60)]
    plan.server.on_client_eof = "continue"
    # Killed in the middle of its work on what it has read, with more waiting.
    busy = rng.uniform(0.15, 0.4)
    plan.client.reads = [[round(at - busy, 2), "fast"], [10, "stall"]]
    plan.client.end_at_s, plan.client.end = round(at, 2), "kill"
    start_late(rng, plan, at)
    plan.label = label("client_killed", "none", "client", "RST: killed with unread bytes")
    plan.judge = died("client", "rst")
    return plan


def client_reset(rng: random.Random) -> Plan:
    plan = client_killed(rng)
    plan.scenario = "client_reset"
    plan.client.end = "rst"
    plan.label = label("client_killed", "none", "client", "RST: SO_LINGER 0")
    plan.judge = died("client", "rst")
    return plan


def server_killed(rng: random.Random) -> Plan:
    plan = base(rng, "server_killed")
    at = rng.uniform(1, 7)
    plan.server.phases = [any_feed(rng, 60)]
    plan.server.end_at_s, plan.server.end = round(at, 2), "kill"
    start_late(rng, plan, at)
    plan.label = label("server_killed", "none", "server", "FIN", same_on_wire=["none"])
    plan.judge = died("server", "fin")
    return plan


def server_killed_unread(rng: random.Random) -> Plan:
    plan = base(rng, "server_killed_unread", rtt=(0.1, 100))
    at = rng.uniform(1.5, 7)
    pings(rng, plan.client)
    plan.client.ping_every_s = min(plan.client.ping_every_s, at / 3)
    plan.server.phases = [any_feed(rng, 60)]
    plan.server.read = False
    plan.server.end_at_s, plan.server.end = round(at, 2), "kill"
    start_late(rng, plan, at)
    how = "RST: killed with unread bytes"
    plan.label = label("server_killed", "none", "server", how, same_on_wire=["none"])
    plan.judge = died("server", "rst")
    return plan


def server_vanished(rng: random.Random) -> Plan:
    """The server's host loses all it knew and is back: what the client sends meets no socket."""
    plan = base(rng, "server_vanished")
    at = rng.uniform(1, 5)
    pings(rng, plan.client)
    plan.server.phases = [any_feed(rng, 60)]
    plan.server.end_at_s, plan.server.end = round(at, 2), "vanish"
    gone = rng.choice([0, rng.uniform(0.5, 3)])
    if gone:
        plan.link.outages = [[round(at, 2), round(gone, 2), "both"]]
    start_late(rng, plan, at)
    how = "no such socket: bare RST to the client's bytes"
    plan.label = label("server_killed", "none", "server", how)

    def judge(facts, out):
        error = facts.first("client", "error")
        if not error or error["errno"] != 104:
            return "the client was not told"
        return died("server", "nothing")(facts, out)

    plan.judge = judge
    return plan


SCENARIOS = [
    none_fin, none_reorder, none_bursts, none_client_fin, none_half_close, none_open,
    none_close_unread, none_close_notify, client_killed, client_killed_unread, client_reset,
    server_killed, server_killed_unread, server_vanished,
]
