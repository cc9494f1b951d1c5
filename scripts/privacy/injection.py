"""Does something to a store in a forked process and lets strace strike at its n-th system call of a kind.

The process has loaded everything before, so that only calls of the operation itself count, and a case takes a tenth of
what a new Python would.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from privacy import driver, mutants
from privacy.box import scratch

WRITING = (
    "pwrite64", "write", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir",
    "ftruncate", "truncate", "fallocate", "openat", "open", "creat", "openat2", "mkdir", "mkdirat", "link", "linkat",
    "symlink", "symlinkat", "writev", "pwritev", "pwritev2", "copy_file_range", "sendfile", "sync", "syncfs",
    "sync_file_range", "msync", "chmod", "fchmod", "fchmodat", "utimensat", "setxattr", "fsetxattr", "ioctl",
)  # fmt: skip
"""Calls that change what is on the disk, or may."""
HARMLESS = frozenset(
    {
        "access", "brk", "clock_gettime", "clock_nanosleep", "close", "dup", "dup2", "dup3", "epoll_create1",
        "epoll_ctl", "epoll_pwait", "epoll_wait", "exit", "exit_group", "faccessat", "faccessat2", "fadvise64",
        "fcntl", "flock", "fstat", "fstatfs", "futex", "getcwd", "getdents64", "geteuid", "getpid", "getpriority",
        "getrandom", "getrusage", "gettid", "getuid", "lseek", "lstat", "madvise", "mmap", "mprotect", "mremap",
        "munmap", "newfstatat", "pipe2", "poll", "ppoll", "pread64", "prlimit64", "pselect6", "read", "readlink",
        "readlinkat", "readv", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
        "sched_getaffinity", "sched_yield", "select", "set_robust_list", "sigaltstack", "stat", "statfs", "statx",
        "sysinfo", "uname", "umask", "clone", "clone3", "wait4", "prctl",
    }
)  # fmt: skip
MARK = "getpriority"
"""A call that nothing else makes: strace has taken hold, and the operation begins."""

READY = b"!"


@dataclass(frozen=True, slots=True)
class Struck:
    """What came of it: whether strace struck, what was printed, what strace saw."""

    fired: bool
    said: str
    seen: str


def strike(home: Path, operations: str, mutant: str, trace: tuple[str, ...]) -> Struck:
    """Run with strace attached, with these of its options."""
    with scratch() as folder:
        log = folder / "trace"
        go, started = os.pipe()
        out, printed = os.pipe()
        child = os.fork()
        if child == 0:
            _child(home, operations, mutant, go, printed)
        os.close(go)
        os.close(printed)
        os.read(out, len(READY))  # it has planted its mutant; what that read and wrote is of no interest
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", str(log), *trace, "-p", str(child)], stderr=subprocess.PIPE
        )
        try:
            _await_mark(log, tracer)
            os.write(started, b"!")
            with os.fdopen(out, "rb") as reader:
                said = reader.read().decode(errors="replace")
            tracer.wait(60)
        finally:
            os.close(started)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, 9)
            os.waitpid(child, 0)
            if tracer.poll() is None:
                tracer.kill()
            _, errors = tracer.communicate()
        seen = log.read_text(errors="replace")
    if "\n" in errors.decode().strip():
        raise RuntimeError(f"strace: {errors.decode()[:200]}")
    return Struck("(INJECTED)" in seen or "killed by" in seen or "(DELAYED)" in seen, said, seen)


def _child(home: Path, operations: str, mutant: str, go: int, printed: int) -> None:
    """Never returns."""
    status = 70
    try:
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        mutants.install(mutant)
        os.write(1, READY)
        while not select.select([go], [], [], 0.002)[0]:
            os.getpriority(os.PRIO_PROCESS, 0)
        status = driver.act(home, operations)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told, and nothing more of this process runs
        with contextlib.suppress(OSError):
            os.write(2, f"CRASH {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(status)


def _await_mark(log: Path, tracer: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and tracer.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            if MARK in log.read_text(errors="replace"):
                return
        time.sleep(0.003)
    assert tracer.stderr is not None
    raise RuntimeError(f"strace did not take hold: {os.read(tracer.stderr.fileno(), 300).decode()}")


def survey(home: Path, operations: str) -> Counter[str]:
    """How often the operation makes each system call."""
    struck = strike(home, operations, "", ("-e", "trace=all"))
    lines = struck.seen.splitlines()
    last = max(number for number, line in enumerate(lines) if MARK in line)
    return Counter(found[1] for line in lines[last:] if (found := re.match(r"(?:\d+ +)?(\w+)\(", line)))


def strikes(
    home: Path, operations: str, mutant: str, what: str, calls: Counter[str]
) -> Iterator[tuple[str, Path, str]]:
    """Strike at each write-like call in turn, each time on a fresh copy of `home`, until there is no such call.

    Yields a label, the copy, and what was printed.
    """
    for call in (one for one in WRITING if calls[one]):
        for number in range(1, 400):
            with scratch() as folder:
                copy = folder / "state" / "consent"
                shutil.copytree(home.parent, copy.parent)
                struck = strike(
                    copy, operations, mutant,
                    ("-e", f"trace={call},{MARK}", "-e", f"inject={call}:{what}:when={number}"),
                )  # fmt: skip
                if not struck.fired:
                    break
                yield f"{operations} at {call} {number}", copy, struck.said
