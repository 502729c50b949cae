#!/usr/bin/env python3
"""Plays push-feed scenarios in namespaces of its own and writes captures that say what was done."""

import argparse
import json
import multiprocessing
import os
import pathlib
import random
import shutil
import signal
import sys
import time
from multiprocessing import connection

import netns
import run
import scenarios_ends
import scenarios_network
import scenarios_quiet
import scenarios_slow
from plans import parameters

SCENARIOS = {
    make.__name__: make
    for module in (scenarios_slow, scenarios_ends, scenarios_network, scenarios_quiet)
    for make in module.SCENARIOS
}
ATTEMPTS = 4
KINDS = ("pcap", "pcapng")
# Later than this the link was not the one of the plan: the machine had other things to do.
LATE_MS = 15
FEWEST_PACKETS = 2
FEWEST_LATE = 12  # of a capture that begins in mid-connection


def ending(plan, facts) -> str:
    """How it ended, put right where bytes of the client met a closed socket."""
    how = plan.label["how"]
    side = plan.capture.side
    if plan.label["cause"] == "peer_unreachable" and facts.sent("rst", side):
        return f"{how}; RST of the {side}'s that got nowhere"
    if "RST" in how or not facts.sent("rst", "server") or not facts.first("server", "end"):
        return how
    if not facts.sent("fin", "server"):
        return f"{how}; RST in its place: client bytes unread or after close()"
    return f"{how} then RST"


def describe(plan, facts, file: str, seed: int) -> dict:
    connected = facts.first("client", "connected")
    return {
        "file": os.path.basename(file),
        "capture_side": plan.capture.side,
        **plan.label,
        "how": ending(plan, facts),
        "client_port": connected and connected["port"],
        "server_port": plan.host.port,
        "errno": facts.errno(),
        "app_stall_s": facts.stall_s(),
        "kernel": facts.kernel(),
        "link": facts.link,
        "seed": seed,
        "parameters": parameters(plan),
    }


def attempt(name: str, seed: int, out: str, number: int) -> tuple:
    """A label, or a complaint."""
    key = f"{name}/{seed}/{number}"
    plan = SCENARIOS[name](random.Random(key))
    kind = KINDS[plan.capture.tool == "dumpcap"]
    file = os.path.join(out, f"{name}_{seed}.{kind}")
    try:
        facts, complaints = run.play(plan, key, file)
    except BaseException:
        if os.path.exists(file):
            os.unlink(file)
        raise
    entry = describe(plan, facts, file, seed)
    complaint = plan.judge(facts, entry) if plan.judge else None
    if complaint:
        complaints.append(complaint)
    if facts.packets < FEWEST_PACKETS or (plan.capture.start_s and facts.packets < FEWEST_LATE):
        complaints.append(f"only {facts.packets} packets in the capture")
    if (facts.link["late_ms_p99"] or 0) > LATE_MS:
        complaints.append(f"the link was {facts.link['late_ms_p99']} ms late")
    if not os.path.exists(file):
        complaints.append("no file")
    elif complaints:
        os.unlink(file)
    entry["parameters"]["attempt"] = number
    return (None, complaints) if complaints else (entry, [])


def stop_on_signals() -> None:
    """An exception, so that whoever has something to clear away does."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def work(name: str, seed: int, out: str, line) -> None:
    netns.die_with_parent()
    stop_on_signals()
    said = []
    for number in range(ATTEMPTS):
        try:
            entry, complaints = attempt(name, seed, out, number)
        except (OSError, RuntimeError, TimeoutError) as error:
            entry, complaints = None, [repr(error)]
        said += complaints
        if entry:
            break
    line.send((entry, said))


def save(out: str, entries: dict) -> None:
    """In one step, so that a label file is never half a one."""
    path = os.path.join(out, "labels.json")
    with open(path + ".new", "w") as file:
        json.dump([entries[key] for key in sorted(entries)], file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)


def load(out: str) -> dict:
    try:
        with open(os.path.join(out, "labels.json")) as file:
            return {entry["file"]: entry for entry in json.load(file)}
    except FileNotFoundError:
        return {}


class Pool:
    """So many runs at once, each a process; all end with this one."""

    def __init__(self, out: str, jobs: int):
        self.out = out
        self.jobs = jobs
        self.running = {}
        self.failed = 0
        self.entries = load(out)

    def start(self, name: str, seed: int) -> None:
        near, far = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=work, args=(name, seed, self.out, far))
        process.start()
        far.close()
        self.running[near] = (process, name, seed)

    def collect(self) -> None:
        for line in connection.wait(list(self.running), timeout=1):
            process, name, seed = self.running.pop(line)
            try:
                entry, said = line.recv()
            except EOFError:
                entry, said = None, ["its process died"]
            process.join()
            for words in said:
                print(f"{name} {seed}: {words}", file=sys.stderr)
            if entry is None:
                self.failed += 1
                continue
            self.forget(f"{name}_{seed}", entry["file"])
            self.entries[entry["file"]] = entry
            save(self.out, self.entries)
            print(f"{entry['file']}: {entry['cause']}, {entry['how']}", flush=True)

    def forget(self, stem: str, file: str) -> None:
        """What an earlier play of the same run left, if it was another kind of file."""
        for kind in KINDS:
            old = f"{stem}.{kind}"
            if old != file and self.entries.pop(old, None):
                pathlib.Path(self.out, old).unlink(missing_ok=True)

    def play(self, tasks: list) -> None:
        waiting = list(reversed(tasks))
        try:
            while waiting or self.running:
                while waiting and len(self.running) < self.jobs:
                    self.start(*waiting.pop())
                self.collect()
        finally:
            for process, _, _ in self.running.values():
                process.terminate()
            for process, _, _ in self.running.values():
                process.join(10)


def unable():
    """What is missing to run here, in words."""
    if sys.platform != "linux":
        return "network namespaces are there on Linux only"
    if os.geteuid() != 0:
        return "it must be root to make namespaces"
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    for program in ("ip", "tcpdump", "dumpcap"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="captures", help="folder for captures and labels.json")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run")
    parser.add_argument("--runs", type=int, help="default: one of each scenario")
    parser.add_argument("--only", action="append", help="a scenario; may be repeated")
    parser.add_argument("--jobs", type=int, default=4, help="runs at once")
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    options = parser.parse_args()
    names = options.only or list(SCENARIOS)
    for name in names:
        if name not in SCENARIOS:
            parser.error(f"no scenario {name}: there are {', '.join(SCENARIOS)}")
    if options.list:
        for name in names:
            print(name, "-", (SCENARIOS[name].__doc__ or "").strip())
        return 0
    reason = unable()
    if reason:
        print(f"cannot run: {reason}", file=sys.stderr)
        return 3
    os.makedirs(options.out, exist_ok=True)
    runs = options.runs or len(names)
    tasks = [(names[i % len(names)], options.seed + i) for i in range(runs)]
    pool = Pool(options.out, options.jobs)
    began = time.monotonic()
    stop_on_signals()
    pool.play(tasks)
    took = time.monotonic() - began
    print(f"{runs - pool.failed} of {runs} played out, {took:.0f} s", file=sys.stderr)
    return 1 if pool.failed else 0


if __name__ == "__main__":
    sys.exit(main())
