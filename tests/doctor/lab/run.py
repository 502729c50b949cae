"""One run: two hosts, a link between, a capture, and what to make of it."""

import json
import os
import shutil
import signal
import socket
import tempfile
import time
import traceback

import host
import link
import netns
from facts import Facts


class Child:
    """A forked process with a line to it."""

    def __init__(self, work, others: list):
        self.line, far = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                netns.die_with_parent()
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                self.line.close()
                # A line held open here would outlive its owner's wish to close it.
                for other in others:
                    other.line.close()
                work(far)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        far.close()
        self.line.settimeout(20)
        self.input = None

    def ask(self, do: str, **more):
        self.line.sendall(json.dumps({"do": do, **more}).encode() + b"\n")
        return json.loads(self.readline())

    def readline(self) -> str:
        if self.input is None:
            self.input = self.line.makefile("r")
        line = self.input.readline()
        if not line:
            raise RuntimeError("a process of the run has died")
        return line

    def end(self) -> None:
        if self.input:
            self.input.close()
        self.line.close()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def wait_for(path: str, event: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if os.path.exists(path):
            with open(path) as file:
                if f'"{event}"' in file.read():
                    return
        time.sleep(0.005)
    raise TimeoutError(f"{event} did not come")


def sleep_until(at: float) -> None:
    time.sleep(max(0.0, at - time.monotonic()))


def drive(plan, hosts: dict, file: str, folder: str) -> tuple:
    """Lets it happen; the number of packets captured and complaints come back."""
    capture = plan.capture
    holder = hosts[capture.side]
    complaints = []
    server_log = os.path.join(folder, "server.jsonl")
    hosts["server"].ask("app")
    wait_for(server_log, "listening", 8)
    if capture.start_s is None:
        complaints.append(holder.ask("capture", file=file))
    began = time.monotonic()
    hosts["client"].ask("app")
    if capture.start_s is not None:
        sleep_until(began + capture.start_s)
        complaints.append(holder.ask("capture", file=file))
    stop = began + (capture.stop_s or capture.limit_s)
    ended_at = None
    while time.monotonic() < stop:
        running = [hosts[side].ask("runs") for side in ("client", "server")]
        over = not any(running) or (not running[0] and not plan.server.listen)
        if over and ended_at is None:
            ended_at = time.monotonic()
        if ended_at and capture.stop_s is None:
            stop = min(stop, ended_at + capture.tail_s)
        time.sleep(0.02)
    packets, complaint = holder.ask("stop_capture")
    complaints.append(complaint)
    if capture.stop_s is None and ended_at is None:
        complaints.append("it went on for too long")
    return packets, [words for words in complaints if words]


def play(plan, seed: str, file: str) -> tuple:
    """Facts of the run, and complaints if it can't be used."""
    folder = tempfile.mkdtemp(prefix="capture-lab-")
    children = []
    try:
        hosts, fds = {}, {}
        for side in ("server", "client"):
            child = Child(
                lambda far, side=side: host.hold(side, plan, folder, far, seed), children
            )
            children.append(child)
            hosts[side] = child
            _, received, _, _ = socket.recv_fds(child.line, 1, 1)
            if not received:
                raise RuntimeError(f"the {side}'s namespace could not be made")
            fds[side] = received[0]
        middle = Child(
            lambda far: link.run(plan.link, plan.host, fds, seed, far), children
        )
        children.append(middle)
        for fd in fds.values():
            os.close(fd)
        packets, complaints = drive(plan, hosts, file, folder)
        counters = {side: hosts[side].ask("counters") for side in hosts}
        middle.line.shutdown(socket.SHUT_WR)
        report = json.loads(middle.readline())
        return Facts(folder, counters, report, packets), complaints
    finally:
        for child in reversed(children):
            child.end()
        shutil.rmtree(folder, ignore_errors=True)
