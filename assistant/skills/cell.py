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

MEMORY = 512 << 20
"""Bytes of address space, thread stacks and the interpreter included."""
OPEN_FILES = 64

# seccomp.h
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EQUAL, _MASKED = 4, 7
# linux/sched.h, sys/mman.h, asm-generic/ioctls.h, linux/prctl.h
_CLONE_THREAD, _PROT_EXEC, _FIONBIO, _PR_SET_PDEATHSIG, _SIGKILL = 0x00010000, 0x4, 0x5421, 1, 9
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2

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


class _Compare(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


_CONDITIONAL = {
    # memory that can be executed could hold code that nobody loaded
    "mmap": _Compare(2, _MASKED, _PROT_EXEC, 0),
    "mmap2": _Compare(2, _MASKED, _PROT_EXEC, 0),
    "mprotect": _Compare(2, _MASKED, _PROT_EXEC, 0),
    # a thread, and no process
    "clone": _Compare(0, _MASKED, _CLONE_THREAD, _CLONE_THREAD),
    # no address: with one, a stream that is over could be opened to somewhere else
    "sendto": _Compare(4, _EQUAL, 0, 0),
    "ioctl": _Compare(1, _EQUAL, _FIONBIO, 0),
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
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError as error:
        raise EngineError("libseccomp is missing", where="seccomp", hint="Run: sudo apt install libseccomp2") from error
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = (ctypes.c_uint32,)
    library.seccomp_export_bpf.argtypes = (ctypes.c_void_p, ctypes.c_int)
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Compare),
    )  # fmt: skip
    rules = library.seccomp_init(_ERRNO | errno.EPERM)
    if not rules:
        raise EngineError("no filter could be made", where="seccomp")

    def rule(action: int, name: str, compare: _Compare | None = None) -> int:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number == -1:  # not a call of this processor
            return 0
        count, array = (0, None) if compare is None else (1, ctypes.pointer(compare))
        return int(library.seccomp_rule_add_array(rules, action, number, count, array))

    failed = [name for name in _CALLS if rule(_ALLOW, name)]
    failed += [name for name, compare in _CONDITIONAL.items() if rule(_ALLOW, name, compare)]
    # Its flags lie in memory, where a filter cannot look. "No such call" makes the C library take `clone`.
    if rule(_ERRNO | errno.ENOSYS, "clone3"):
        failed.append("clone3")
    program = b"" if failed else _program(library, rules)
    if not program or not _install(program):
        raise EngineError(f"the kernel took no filter {failed or ''}".strip(), where="seccomp", hint=_NEEDS)


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _program(library: ctypes.CDLL, rules: ctypes.c_void_p) -> bytes:
    """The rules as the kernel reads them; empty when they cannot be made."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as out:
        status = library.seccomp_export_bpf(rules, write)
        os.close(write)
        return b"" if status else out.read()


def _install(program: bytes) -> bool:
    # By prctl, since the filter of a service (systemd 252) refuses the newer call `seccomp`.
    libc = ctypes.CDLL(None)
    argument = _Program(len(program) // 8, program)
    return not (
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        or libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(argument), 0, 0)
    )
