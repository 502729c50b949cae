"""What one run is to do, as plain data: it goes into the label as the run's parameters."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Callable, Optional


@dataclass
class ServerPlan:
    """What the feed server does. Times count from the accepted connection."""

    listen: bool = True
    accept: bool = True
    sndbuf: Optional[int] = None
    nodelay: bool = True
    congestion: str = "cubic"
    user_timeout_ms: Optional[int] = None
    keepalive: Optional[list] = None  # [idle, interval, count] in seconds
    # {"s": seconds, "every": s, "n": records a tick, "size": [least, most]}; without "every" it is
    # silent; {"bytes": n} is sent as fast as the socket takes it
    phases: list = field(default_factory=list)
    content: str = "random"  # "random", "text", "tls"
    on_full: str = "queue"  # "queue", "drop" (a feed that conflates), "block" (the source waits)
    backlog_limit: Optional[int] = None  # bytes the application holds before it cuts the client
    stall_limit_s: Optional[float] = None  # or how long it holds any
    cut: str = "rst"  # "rst", "fin"
    read: bool = True
    pong: int = 0  # bytes that answer a ping
    idle_timeout_s: Optional[float] = None
    idle_how: str = "fin"
    on_client_eof: str = "close"  # "close", "continue"
    end_at_s: Optional[float] = None  # at once, flushed or not; else after the phases
    end: str = "fin"  # "fin", "shutdown", "rst", "kill", "vanish", "open"


@dataclass
class ClientPlan:
    """What the reader does. Times count from the connection."""

    connect_timeout_s: float = 8.0
    rcvbuf: Optional[int] = None
    window_clamp: Optional[int] = None
    user_timeout_ms: Optional[int] = None
    keepalive: Optional[list] = None
    # [seconds, mode, ...]: "fast"; "stall"; "rate", bytes a second, chunk; "flap", bytes, pause.
    # Fast after the last.
    reads: list = field(default_factory=list)
    ping_every_s: Optional[float] = None
    ping_size: int = 3
    ping_until_s: Optional[float] = None
    ping_in_stall: bool = False
    at_eof: str = "close"  # "close", "close_notify"
    eof_delay_s: float = 0.0
    end_at_s: Optional[float] = None
    end: str = "close"  # "close", "shutdown", "rst", "kill", "vanish"


@dataclass
class LinkPlan:
    """What lies between. A pair is [to the client, to the server]; times count from the SYN."""

    delay_ms: list = field(default_factory=lambda: [10.0, 10.0])
    jitter_ms: float = 0.0
    rate_kbit: list = field(default_factory=lambda: [None, None])
    queue_bytes: int = 1 << 20
    loss: list = field(default_factory=lambda: [0.0, 0.0])
    burst: Optional[list] = None  # [chance to enter, chance to leave, loss inside], to the client
    reorder: float = 0.0
    reorder_ms: float = 2.0
    duplicate: float = 0.0
    hops: list = field(default_factory=lambda: [0, 0])
    offload: bool = False  # let the kernels hand over segments of up to 64 KiB
    whole: bool = True  # and hand them on as they are, not cut to the wire's size
    outages: list = field(default_factory=list)  # [from, seconds, "both" | "client" | "server"]
    drop_syn: int = 0
    drop_synack: int = 0
    # {"at": s, "to": ["client", "server"], "ttl": n, "count": n, "ack": bool}
    rst: Optional[dict] = None
    # {"at": s, "to": [...], "code": "host" | "net" | "port" | "admin"}: answers what it drops
    icmp: Optional[dict] = None


@dataclass
class HostPlan:
    """One end's network: the same for both but for the sysctls."""

    family: int = 4
    device: str = "tap"  # "tap" (Ethernet), "tun" (bare IP)
    mtu: int = 1500
    port: int = 4000
    addresses: list = field(default_factory=lambda: ["10.99.0.1", "10.99.0.2"])
    server_sysctls: dict = field(default_factory=dict)
    client_sysctls: dict = field(default_factory=dict)


@dataclass
class CapturePlan:
    side: str = "client"
    any: bool = False
    link_type: Optional[str] = None
    snaplen: int = 96
    nano: bool = False
    tool: str = "tcpdump"
    filter: str = ""
    start_s: Optional[float] = None  # None: before the handshake; else since the connection began
    stop_s: Optional[float] = None  # None: when both have ended
    tail_s: float = 0.5
    limit_s: float = 30.0  # nothing goes on longer


@dataclass
class Plan:
    scenario: str
    server: ServerPlan
    client: ClientPlan
    link: LinkPlan
    host: HostPlan
    capture: CapturePlan
    label: dict = field(default_factory=dict)
    # Says why the run did not play out, or nothing; may put the label right by what happened.
    judge: Optional[Callable[[Any, dict], Optional[str]]] = None


def changed(plan) -> dict:
    """What of a plan differs from the defaults, to keep labels readable."""
    plain = type(plan)()
    return {
        f.name: getattr(plan, f.name)
        for f in dataclasses.fields(plan)
        if getattr(plan, f.name) != getattr(plain, f.name)
    }


def parameters(plan: Plan) -> dict:
    out = {"scenario": plan.scenario}
    for name in ("server", "client", "link", "host", "capture"):
        out[name] = changed(getattr(plan, name))
    return out
