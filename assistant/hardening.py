"""Keep what is in memory out of files: no core dump, no debugger of another user, no swap where that is allowed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
from pathlib import Path

from assistant.errors import EngineError

_PR_SET_DUMPABLE = 4  # linux/prctl.h
_MCL_CURRENT_AND_FUTURE = 3  # linux/mman.h

_SMALL = range(64, 513, 16)  # bytes; what CPython's allocator (Objects/obmalloc.c) keeps for itself, by size
_SWEPT = 512 * 1024  # bytes of each size
_BYTES = bytes.__basicsize__

_libc = ctypes.CDLL(None, use_errno=True)


def harden(*, lock: bool = False) -> None:
    """For this process and its children. `lock` keeps all its memory out of swap, where the limits allow it.

    Raises EngineError if the kernel refuses to make the process undumpable.
    """
    with contextlib.suppress(OSError):
        # Where dumps are piped to a program the core limit does not count; this leaves nothing to dump.
        Path("/proc/self/coredump_filter").write_text("0")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise EngineError("the kernel would not protect the memory", hint=os.strerror(ctypes.get_errno()))
    if lock:
        _libc.mlockall(_MCL_CURRENT_AND_FUTURE)


def overwrite_freed() -> None:
    """Fill with zeros the memory of small objects that are gone: CPython frees a string without clearing it.

    Allocates blocks of each size until the free ones should be used up, and lets go of them. Takes about 5 ms, and
    half a megabyte for that time. Blocks above 512 bytes belong to the C library and are not reached.
    """
    for size in _SMALL:
        held = [bytes(size - _BYTES) for _ in range(_SWEPT // size)]
        held.clear()


def is_hardened() -> bool:
    """Whether nothing can dump this process."""
    dumpable = _libc.prctl(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE
    return dumpable == 0 and resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
