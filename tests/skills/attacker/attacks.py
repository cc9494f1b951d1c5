# ruff: noqa: PTH102, PTH106, PTH108, PTH116, PTH123, PTH208, PTH211, SIM105
"""What a malicious skill might try. Each returns when it succeeded, and raises when it was denied."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

libc = ctypes.CDLL(None, use_errno=True)
X86 = sys.implementation._multiarch.startswith("x86_64")
DENIED = (errno.EPERM, errno.ENOSYS)


def call(x86: int, arm: int, *args: object) -> Callable[[], None]:
    """A system call by its number. Any other answer than a refusal means that the kernel looked at it."""

    def attack() -> None:
        if libc.syscall(x86 if X86 else arm, *args) < 0 and ctypes.get_errno() in DENIED:
            raise PermissionError

    return attack


def sends_to(family: int, kind: int, address: object) -> Callable[[], None]:
    def attack() -> None:
        with socket.socket(family, kind) as made:
            made.settimeout(2)
            try:
                made.connect(address)  # type: ignore[arg-type]
            except (ConnectionRefusedError, FileNotFoundError, TimeoutError):
                pass  # nobody there, but it was tried

    return attack


def fork() -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def executable_memory() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def make_executable() -> None:
    page = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    if libc.mprotect(ctypes.c_void_p(address), 4096, 5) < 0:
        raise PermissionError


def write_file() -> None:
    with open("/tmp/attacker-was-here", "w") as file:
        file.write("x")
    os.unlink("/tmp/attacker-was-here")


def read_parent() -> None:
    with open(f"/proc/{os.getppid()}/status") as file:
        file.read()


def fast_open() -> None:
    """Send to an address without connecting, on any socket there is (TCP fast open)."""
    with contextlib.suppress(OSError):
        socket.socket().detach()
    address = b"\x02\x00\x00\x09\x7f\x00\x00\x01" + bytes(8)  # 127.0.0.1, port 9
    for number in range(3, 64):
        if libc.sendto(number, b"x", 1, 0x20000000, address, 16) >= 0 or ctypes.get_errno() == errno.ECONNREFUSED:
            return
    raise PermissionError


def reconnect(number: int) -> bool:
    """Whether a connection could be let go of, to be made anew to somewhere else."""
    return libc.connect(number, bytes(16), 16) >= 0 or ctypes.get_errno() not in DENIED


def pass_descriptor() -> None:
    for number in range(3, 64):
        try:
            made = socket.socket(fileno=os.dup(number))
        except OSError:
            continue
        socket.send_fds(made, [b"x"], [0])
        return
    raise PermissionError


ATTACKS: dict[str, Callable[[], object]] = {
    "read a file": lambda: open("/etc/passwd").close(),
    "read a secret of the same user": lambda: open("/etc/shadow").close(),
    "list a folder": lambda: os.listdir("/"),
    "look whether a file is there": lambda: os.stat("/etc/passwd"),
    "write a file": write_file,
    "make a folder": lambda: os.mkdir("/tmp/attacker-folder") or os.rmdir("/tmp/attacker-folder"),
    "make a link": lambda: os.symlink("/etc", "/tmp/attacker-link") or os.unlink("/tmp/attacker-link"),
    "open a device": lambda: os.close(os.open("/dev/null", os.O_RDWR)),
    "read its parent": read_parent,
    "read its own memory file": lambda: open("/proc/self/mem", "rb").close(),
    "signal its parent": lambda: os.kill(os.getppid(), 0),
    "signal a group": lambda: os.killpg(0, signal.SIGCONT),
    "a child": fork,
    "another program": lambda: subprocess.run(["/bin/true"], check=True),
    "a shell": lambda: os.posix_spawn("/bin/sh", ["sh", "-c", ":"], {}),
    "TCP": sends_to(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 9)),
    "TCP, IPv6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close(),
    "UDP": sends_to(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 9)),
    "the name service": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 53)),
    "the bus": sends_to(socket.AF_UNIX, socket.SOCK_STREAM, "/run/assistant/hub.sock"),
    "an abstract socket": sends_to(socket.AF_UNIX, socket.SOCK_STREAM, "\0attacker"),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    "a packet socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM).close(),
    "a virtual machine socket": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close(),
    "a Bluetooth socket": lambda: socket.socket(31, socket.SOCK_RAW, 1).close(),
    "fast open": fast_open,
    "a socket pair": lambda: socket.socketpair(),
    "passing on a descriptor": pass_descriptor,
    "memory that can be executed": executable_memory,
    "making memory executable": make_executable,
    "ptrace": call(101, 117, 16, 2**22 - 1, 0, 0),
    "another's memory": call(310, 270, os.getppid(), 0, 0, 0, 0, 0),
    "a file in memory": call(319, 279, b"x", 0),
    "shared memory": call(29, 194, 0, 4096, 0o1600),
    "a message queue": call(240, 180, b"attacker", 0o102, 0o600, 0),
    "a key": call(248, 217, b"user", b"attacker", b"x", 1, -3),
    "the keyring": call(250, 219, 0, -3, 0),
    "io_uring": call(425, 425, 1, 0),
    "a namespace": call(272, 97, 0x10000000),
    "entering a namespace": call(308, 268, 0, 0),
    "a clone with a namespace": call(56, 220, 0x10000000 | 17, 0, 0, 0, 0),
    "mounting": call(165, 40, 0, 0, 0, 0, 0),
    "a BPF program": call(321, 280, 0, 0, 0),
    "performance counters": call(298, 241, 0, 0, -1, -1, 0),
    "page faults": call(323, 282, 0),
    "watching files": call(294, 26, 0),
    "a handle of a file": call(304, 265, -100, 0, 0),
    "a handle of a process": call(434, 434, os.getppid(), 0),
    "taking a descriptor": call(438, 438, 0, 0, 0),
    "another filter": call(317, 277, 1, 0, 0),
    "prctl": call(157, 167, 4, 1, 0, 0, 0),
    "another personality": call(135, 92, 0),
    "more resources": call(302, 261, 0, 7, 0, 0),
    "another user": lambda: os.setuid(65534),
    "another root": lambda: os.chroot("/"),
    "the host's name": lambda: socket.sethostname(socket.gethostname()),
    "the clock": call(227, 112, 0, 0),
    "the kernel's log": call(103, 116, 3, 0, 0),
    "a pipe": lambda: os.pipe(),
    "a library": lambda: ctypes.CDLL("libresolv.so.2"),
    "a module of the assistant": lambda: __import__("assistant.consent.gate"),
}
UNDO_ENDS_THE_TEST = ("another user", "another root", "signal a group", "another filter", "a namespace")


def succeeded() -> list[str]:
    """The names of those that were not denied."""
    found = []
    for name, attack in ATTACKS.items():
        try:
            attack()
        except (OSError, ImportError, MemoryError):
            continue
        found.append(name)
    return found
