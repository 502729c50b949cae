"""What a run did: the kernels' counters, the applications' journals, what the link saw."""

import os

from journal import read_journal


class Facts:
    def __init__(self, folder: str, counters: dict, link: dict, packets: int):
        self.server = read_journal(os.path.join(folder, "server.jsonl"))
        self.client = read_journal(os.path.join(folder, "client.jsonl"))
        self.counters = counters
        self.link = link
        self.packets = packets

    def first(self, side: str, event: str):
        return next((e for e in getattr(self, side) if e["event"] == event), None)

    def last(self, side: str, event: str):
        return next((e for e in reversed(getattr(self, side)) if e["event"] == event), None)

    def count(self, side: str, *names: str) -> int:
        return sum(self.counters[side].get(name, 0) for name in names)

    def sent(self, flag: str, by: str) -> int:
        """How many "fin" or "rst" one side put on the link."""
        way = "to_client" if by == "server" else "to_server"
        return self.link[way].get(flag, 0)

    @property
    def zero_windows(self) -> int:
        return self.count("client", "TCPToZeroWindowAdv")

    @property
    def server_end(self):
        """Why the server ended: "backlog", "idle", "time", "done", "client closed"."""
        end = self.first("server", "end")
        return end and end["why"]

    def errno(self) -> dict:
        out = {}
        for side in ("server", "client"):
            for event in ("no_connection", "error"):
                said = self.first(side, event)
                if said:
                    out[side] = said["errno"]
        return out

    def stall_s(self):
        """How long the client stood still in all, while its connection was there."""
        total, since = 0.0, None
        for event in self.client:
            if event["event"] == "stall":
                since = event["t"]
            elif since is not None and event["event"] in ("resume", "error", "end", "closed"):
                total += event["t"] - since
                since = None
        if since is not None:
            ends = [e["t"] for e in self.client + self.server]
            total += max(ends) - since
        return round(total, 3) or None

    def share(self, name: str) -> float:
        info = self.last("server", "info")
        return info[name] / info["busy_us"] if info and info["busy_us"] else 0.0

    def _limited(self, name: str):
        info = self.last("server", "info")
        if not info or not info[name]:
            return None
        return f"{info[name] // 1000}ms({100 * self.share(name):.1f}%)"

    def kernel(self) -> dict:
        info = self.last("server", "info")
        return {
            "zero_window_episodes": self.zero_windows,
            "reopened": self.count("client", "TCPFromZeroWindowAdv"),
            "prune": self.count("client", "PruneCalled"),
            "collapsed": self.count("client", "TCPRcvCollapsed"),
            "srv_win_probes": self.count("server", "TCPWinProbe"),
            "srv_retrans": self.count("server", "RetransSegs"),
            "cli_retrans": self.count("client", "RetransSegs"),
            "srv_timeouts": self.count("server", "TCPTimeouts"),
            "rwnd_limited": self._limited("rwnd_limited_us"),
            "sndbuf_limited": self._limited("sndbuf_limited_us"),
            "busy": f"{info['busy_us'] // 1000}ms" if info and info["busy_us"] else None,
        }
