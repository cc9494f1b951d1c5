"""Keep what is in memory out of files: no core dump, no debugger of another user, no swap where that is allowed. And
have it where it can be overwritten."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
from pathlib import Path

from assistant.errors import EngineError
from assistant.memory import use_one_heap

_PR_SET_DUMPABLE = 4  # linux/prctl.h
_MCL_CURRENT_AND_FUTURE = 3  # linux/mman.h

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
    use_one_heap()


def is_hardened() -> bool:
    """Whether nothing can dump this process."""
    dumpable = _libc.prctl(3, 0, 0, 0, 0)  # PR_GET_DUMPABLE
    return dumpable == 0 and resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
