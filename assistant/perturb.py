"""Have the C library overwrite memory at the moment it is given back: what is larger than 512 bytes, and whatever
numpy, onnxruntime and the other libraries use. Smaller things of Python's own are left to `assistant.memory`.

glibc can do so (`glibc.malloc.perturb`; it is off unless asked for), but not for what each thread keeps for itself
(`glibc.malloc.tcache_count`), and only if it is told when the program begins. Source: glibc manual, "Memory Allocation
Tunables". It costs 3 % of processor time where recordings are recognised (x86-64).
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from functools import cache

NAME = "GLIBC_TUNABLES"
WANTED = "glibc.malloc.perturb=255:glibc.malloc.tcache_count=0"
"""What is given back is filled with ones, and what is given out with zeros."""

_MARK = 0x77
_TRIED = (24, 600, 5_000, 60_000)  # bytes
_LINK = 32  # bytes at the beginning of a free block, where glibc writes which blocks are next


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a program's environment needs besides, so that its memory is overwritten at once."""
    before = environ.get(NAME, "")
    return {NAME: before if WANTED in before else f"{before}:{WANTED}".lstrip(":")}


@cache
def overwrites_at_once() -> bool:
    """Whether this process was begun so, tried on blocks that are given back and asked for again."""
    library = ctypes.PyDLL(None)
    malloc, free = library.malloc, library.free
    malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
    free.restype, free.argtypes = None, (ctypes.c_void_p,)
    for size in _TRIED:
        blocks = [malloc(size) for _ in range(3)]
        for block in blocks:
            ctypes.memset(block, _MARK, size)
        for block in blocks:
            free(block)
        blocks = [malloc(size) for _ in range(3)]
        held = any(_MARK in ctypes.string_at(block, size)[_LINK if size > _LINK else 16 :] for block in blocks)
        for block in blocks:
            free(block)
        if held:
            return False
    return True


def begin_anew() -> None:
    """Start this program again, in this process, so that its memory is overwritten at once.

    Returns where that is so already, or cannot be had: then `assistant.memory` overwrites after each request.
    """
    if overwrites_at_once() or WANTED in os.environ.get(NAME, "") or not sys.executable:
        return
    os.environ.update(environment(os.environ))
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
