"""A network namespace of this process's own, with one TUN or TAP device in it."""

import ctypes
import fcntl
import os
import signal
import struct
import subprocess

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
TUNSETIFF = 0x400454CA
TUNSETOFFLOAD = 0x400454D0
IFF_TUN, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x1, 0x2, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 0x1, 0x2, 0x4

MACS = {"server": "02:00:00:00:00:01", "client": "02:00:00:00:00:02"}
DEVICE = "eth0"

libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """So that nothing stays behind, however the parent ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def unshare_net() -> None:
    if libc.unshare(CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"unshare: {os.strerror(error)}")


def open_device(kind: str, offload: bool) -> int:
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    flags = (IFF_TAP if kind == "tap" else IFF_TUN) | IFF_NO_PI | (IFF_VNET_HDR if offload else 0)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), flags))
    if offload:
        fcntl.ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
    return fd


def sysctl(name: str, value) -> None:
    with open("/proc/sys/" + name.replace(".", "/"), "w") as file:
        file.write(str(value))


def configure(side: str, host) -> None:
    """Addresses, routes and neighbours without a word on the wire, then the sysctls."""
    own, peer = host.addresses if side == "server" else reversed(host.addresses)
    other = "client" if side == "server" else "server"
    six = host.family == 6
    sysctl("net.ipv6.conf.all.disable_ipv6", 0 if six else 1)
    sysctl("net.ipv6.conf.default.disable_ipv6", 0 if six else 1)
    if six:
        for scope in ("all", "default", DEVICE):
            sysctl(f"net.ipv6.conf.{scope}.accept_dad", 0)
    bits = 128 if six else 32
    lines = ["link set lo up", f"link set {DEVICE} mtu {host.mtu}"]
    if host.device == "tap":
        lines.append(f"link set {DEVICE} address {MACS[side]}")
    lines += [
        f"link set {DEVICE} up",
        f"addr add {own}/{bits} dev {DEVICE}" + (" nodad" if six else ""),
        f"route add {peer}/{bits} dev {DEVICE} src {own}",
        f"route add default dev {DEVICE}",
    ]
    if host.device == "tap":
        lines.append(f"neigh replace {peer} lladdr {MACS[other]} dev {DEVICE} nud permanent")
    subprocess.run(
        ["ip", "-6" if six else "-4", "-batch", "-"],
        input="\n".join(lines).encode(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for name, value in (host.server_sysctls if side == "server" else host.client_sysctls).items():
        sysctl(name, value)


def _table(path: str, prefix: str) -> dict:
    out = {}
    with open(path) as file:
        lines = [line.split() for line in file if line.startswith(prefix)]
    for names, values in zip(lines[::2], lines[1::2]):
        out.update(zip(names[1:], (int(v) for v in values[1:])))
    return out


def counters() -> dict:
    """The kernel's TCP counters of this namespace."""
    return _table("/proc/net/netstat", "TcpExt:") | _table("/proc/net/snmp", "Tcp:")
