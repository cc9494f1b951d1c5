"""The cell: what a process may still do once it has shut itself in. By seccomp, so it needs no rights and no root.

Allowed are computing, threads, its own memory, and reading and writing what is open already. All else is refused with
EPERM by the kernel: opening or looking at any file, making or connecting a socket, another process, a signal to one,
shared memory, devices, keys, io_uring. There is no way back out.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

from assistant.errors import EngineError
from assistant.hardening import harden
from assistant.seccomp import ALLOW, EQUAL, MASKED, Compare, Rules, install, program, refuse

MEMORY = 512 << 20
"""Bytes of address space, thread stacks and the interpreter included."""
OPEN_FILES = 64

# linux/sched.h, sys/mman.h, asm-generic/ioctls.h, linux/prctl.h
_CLONE_THREAD, _PROT_EXEC, _FIONBIO, _PR_SET_PDEATHSIG, _SIGKILL = 0x00010000, 0x4, 0x5421, 1, 9

_CALLS = (
    # what is open already; sendmsg is not among them: it could name an address or pass something on
    "read", "readv", "write", "writev", "recvfrom", "recvmsg", "recv", "send", "shutdown", "close", "fcntl", "fcntl64",
    "fstat", "fstat64", "getsockopt", "getsockname", "getpeername", "lseek", "_llseek",
    # waiting
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64",
    "restart_syscall",
    # memory, threads, time, chance
    "brk", "munmap", "mremap", "madvise", "futex", "futex_time64", "set_robust_list", "rseq", "sched_yield",
    "sched_getaffinity", "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday",
    "time", "getrandom", "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "set_tls", "cacheflush",
    # its own signals and its end
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "exit", "exit_group",
)  # fmt: skip


_NEEDS = "The kernel needs CONFIG_SECCOMP_FILTER, and the package libseccomp2 has to be there"

_CONDITIONAL: Rules = {
    # memory that can be executed could hold code that nobody loaded
    "mmap": (ALLOW, Compare(2, MASKED, _PROT_EXEC, 0)),
    "mmap2": (ALLOW, Compare(2, MASKED, _PROT_EXEC, 0)),
    "mprotect": (ALLOW, Compare(2, MASKED, _PROT_EXEC, 0)),
    # a thread, and no process
    "clone": (ALLOW, Compare(0, MASKED, _CLONE_THREAD, _CLONE_THREAD)),
    # no address: with one, a stream that is over could be opened to somewhere else
    "sendto": (ALLOW, Compare(4, EQUAL, 0, 0)),
    "ioctl": (ALLOW, Compare(1, EQUAL, _FIONBIO, 0)),
    # Its flags lie in memory, where a filter cannot look. "No such call" makes the C library take `clone`.
    "clone3": (refuse(errno.ENOSYS), None),
}


def limit() -> None:
    """Bounds on memory, files and priority; ends with the thread that started it; nothing can dump it."""
    harden()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with contextlib.suppress(OSError):  # when memory is short, this ends before the assistant does
        Path("/proc/self/oom_score_adj").write_text("1000")
    with contextlib.suppress(OSError):
        os.nice(5)


def probe() -> None:
    """Whether a process could be shut in, found out in one. Raises EngineError."""
    code = "from assistant.skills import cell; cell.limit(); cell.shut()"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it ended"])[-1]
        raise EngineError(last[:200], where="seccomp", hint=_NEEDS)


def shut() -> None:
    """From here on the process can only compute. Raises EngineError when the kernel would not shut it in."""
    if threading.active_count() != 1:
        raise EngineError("a second thread would stay outside the cell", where="seccomp")
    allowed: Rules = dict.fromkeys(_CALLS, (ALLOW, None))
    if not install(program(refuse(errno.EPERM), allowed, _CONDITIONAL)):
        raise EngineError("the kernel took no filter", where="seccomp", hint=_NEEDS)
