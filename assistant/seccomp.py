"""Filters of system calls, put together by libseccomp, which knows the numbers of each processor."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Mapping

from assistant.errors import EngineError

# seccomp.h
ALLOW = 0x7FFF0000
EQUAL, NOT_EQUAL, MASKED = 4, 1, 7
_ERRNO = 0x00050000
# linux/prctl.h
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2


def refuse(number: int) -> int:
    """The action that makes a call fail with this errno."""
    return _ERRNO | number


class Compare(ctypes.Structure):
    """A condition on one argument: `datum_a` to compare with, or for MASKED the mask, and `datum_b` what it leaves."""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


Rules = Mapping[str, tuple[int, Compare | None]]
"""For each call what happens (ALLOW, `refuse(errno)`), always or under a condition. Unknown calls are left out."""


def program(default: int, *groups: Rules) -> bytes:
    """The rules as the kernel reads them (an array of struct sock_filter). Raises EngineError."""
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError as error:
        raise EngineError("libseccomp is missing", where="seccomp", hint="Run: sudo apt install libseccomp2") from error
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = (ctypes.c_uint32,)
    library.seccomp_release.argtypes = (ctypes.c_void_p,)
    library.seccomp_export_bpf.argtypes = (ctypes.c_void_p, ctypes.c_int)
    library.seccomp_rule_add_array.argtypes = (
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Compare),
    )  # fmt: skip
    made = library.seccomp_init(default)
    if not made:
        raise EngineError("no filter could be made", where="seccomp")
    try:
        for rules in groups:
            for name, (action, compare) in rules.items():
                number = library.seccomp_syscall_resolve_name(name.encode())
                count, array = (0, None) if compare is None else (1, ctypes.pointer(compare))
                # A name without a number is not a call of this processor.
                if number != -1 and library.seccomp_rule_add_array(made, action, number, count, array):
                    raise EngineError("the rule for a call cannot be made", where=f"seccomp: {name}")
        read, write = os.pipe()
        with os.fdopen(read, "rb") as out:
            status = library.seccomp_export_bpf(made, write)
            os.close(write)
            if status:
                raise EngineError(f"no filter could be made ({errno.errorcode.get(-status, status)})", where="seccomp")
            return out.read()
    finally:
        library.seccomp_release(made)


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(filter_: bytes) -> bool:
    """Put this thread, and all that it starts, under the filter for good; whether the kernel took it.

    By prctl, since the filter of a service (systemd 252) refuses the newer call `seccomp`.
    """
    libc = ctypes.CDLL(None)
    argument = _Program(len(filter_) // 8, filter_)
    return not (
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        or libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(argument), 0, 0)
    )
