"""One end: a process that holds a namespace, runs the application in it, captures and counts."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import client
import netns
import server
from journal import Journal

AFTERMATH = 2  # packets that may come while a capture is being stopped


def tally(words: str) -> list:
    """How many packets the capture holds by its program's last words, and what it missed.

    On a machine whose disk is slow, many may still wait in the program's ring when it is stopped.
    """
    held = re.search(r"(\d+) packets? captured|Packets captured: (\d+)", words)
    seen = re.search(r"(\d+) packets? received by filter|interface '\S+': (\d+)/", words)
    lost = re.search(r"[1-9]\d* packets? dropped by kernel", words)
    if not held or not seen:
        return [0, "the capture's program did not say how much it holds: " + words]
    count, of = (int(found[1] or found[2]) for found in (held, seen))
    missed = f"{of - count} packets were not written" if of - count > AFTERMATH else ""
    return [count, lost[0] if lost else missed]


class Host:
    def __init__(self, side: str, plan, folder: str, control: socket.socket, seed: str):
        self.side = side
        self.plan = plan
        self.folder = folder
        self.control = control
        self.seed = seed
        self.app = None
        self.capture = None
        self.capture_errors = None

    def start_app(self) -> None:
        self.app = os.fork()
        if self.app:
            return
        status = 1
        try:
            netns.die_with_parent()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            log = Journal(os.path.join(self.folder, f"{self.side}.jsonl"))
            if self.side == "server":
                server.serve(self.plan.server, self.plan.host, log, self.seed)
            else:
                client.read(self.plan.client, self.plan.host, log)
            status = 0
        finally:
            os._exit(status)

    def app_runs(self) -> bool:
        if self.app and os.waitpid(self.app, os.WNOHANG)[0]:
            self.app = None
        return self.app is not None

    def command(self, file: str) -> list:
        capture = self.plan.capture
        interface = "any" if capture.any else netns.DEVICE
        out = [capture.tool, "-i", interface, "-s", str(capture.snaplen), "-w", file]
        if capture.tool == "dumpcap":
            return [*out, "-q"] + (["-f", capture.filter] if capture.filter else [])
        out += ["-n", "-U", "--immediate-mode", "-B", "8192", "-Z", "root"]
        if capture.nano:
            out += ["--time-stamp-precision=nano"]
        if capture.link_type:
            out += ["-y", capture.link_type]
        return out + ([capture.filter] if capture.filter else [])

    def start_capture(self, file: str) -> str:
        self.capture_errors = os.path.join(self.folder, "capture.err")
        with open(self.capture_errors, "wb") as errors:
            self.capture = subprocess.Popen(
                self.command(file),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                preexec_fn=netns.die_with_parent,
            )
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline and self.capture.poll() is None:
            with open(self.capture_errors) as said:
                words = said.read()
            if "listening on" in words or "File:" in words:
                return ""
            time.sleep(0.01)
        with open(self.capture_errors) as said:
            return "no capture: " + said.read()

    def stop_capture(self) -> list:
        """How many packets it holds, and a complaint."""
        if not self.capture:
            return [0, "no capture"]
        time.sleep(0.1)
        self.capture.send_signal(signal.SIGINT)
        try:
            self.capture.wait(5)
        except subprocess.TimeoutExpired:
            self.capture.kill()
            self.capture.wait()
        self.capture = None
        with open(self.capture_errors) as said:
            words = said.read()
        return tally(words)

    def stop_app(self) -> None:
        if self.app_runs():
            os.kill(self.app, signal.SIGKILL)
            os.waitpid(self.app, 0)
            self.app = None

    def obey(self, order: dict):
        what = order["do"]
        if what == "app":
            return self.start_app()
        if what == "runs":
            return self.app_runs()
        if what == "capture":
            return self.start_capture(order["file"])
        if what == "stop_capture":
            return self.stop_capture()
        if what == "counters":
            return netns.counters()
        raise ValueError(what)

    def run(self) -> None:
        try:
            with self.control.makefile("r") as orders:
                for line in orders:
                    answer = self.obey(json.loads(line))
                    self.control.sendall(json.dumps(answer).encode() + b"\n")
        finally:
            if self.capture:
                self.capture.kill()
                self.capture.wait()
            self.stop_app()


def hold(side: str, plan, folder: str, control: socket.socket, seed: str) -> None:
    """Makes the namespace, hands its device over, then obeys until `control` closes."""
    netns.unshare_net()
    fd = netns.open_device(plan.host.device, plan.link.offload)
    netns.configure(side, plan.host)
    socket.send_fds(control, [b"d"], [fd])
    os.close(fd)
    Host(side, plan, folder, control, seed).run()
