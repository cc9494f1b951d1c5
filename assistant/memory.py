"""Overwrite memory that was let go of: neither CPython nor numpy nor the C library clears what it frees.

Each of the three keeps freed blocks for the next request of their size. So all blocks that are free are asked for,
filled with zeros and given back. Written for glibc's malloc (malloc/malloc.c) and CPython's (Objects/obmalloc.c); with
another C library the part for it does nothing. Where glibc overwrites at once (`assistant.perturb`) there is nothing
left to do but for what Python and numpy keep.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

from assistant.perturb import overwrites_at_once

_M_ARENA_MAX = -8  # malloc.h

_PYTHON_SIZES = range(48, 513, 16)  # bytes
_PYTHON_BYTES = 512 * 1024  # of each size, where it cannot be seen when all that was free is taken, and at the end
_ARENA_BYTES = 1 << 20  # maps so much when no pool is free any more
_POOL_BYTES = 64 << 20  # free: never more
_HEADER = bytes.__basicsize__

_NUMPY_SIZES = range(16, 1024, 2)  # bytes; numpy/_core/src/multiarray/alloc.c keeps up to 7 of each
_NUMPY_KEPT = 8

_CACHED = range(24, 1033, 16)  # bytes; each thread keeps up to 7 of each
_CACHE_KEPT = 8
_BLOCK, _BLOCKS_KEPT, _POINTER = 64, 20, 8  # entries of a deque's block; blocks that are kept; bytes
_ALONE_SECONDS = 10.0
_PAGE = 4096
_EDGE = _PAGE + 64  # a free block's pages are given back, but not the part of a page at its ends
_MOST_BLOCKS = 200_000
_LARGEST = 120_000
"""Bytes asked for at once: so little is never mapped for itself, which would change when glibc maps in future."""
_SIZES = (*(int(_LARGEST * 0.75**power) // 16 * 16 + 8 for power in range(12)), *range(4088, 23, -16))
"""Each block is cut into few pieces, and nothing of it is left over."""


class _Info(ctypes.Structure):
    """struct mallinfo2."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


class _Heap:
    """The calls of glibc's malloc. AttributeError when this is another C library."""

    def __init__(self) -> None:
        # The interpreter's lock is kept over the short ones: to take it again thousands of times would cost more.
        short, long = ctypes.PyDLL(None), ctypes.CDLL(None)
        self.trim, self.info, self.option = long.malloc_trim, long.mallinfo2, long.mallopt
        self.info.restype = _Info
        self.malloc = self._typed(short.malloc, ctypes.c_void_p, ctypes.c_size_t)
        self.free = self._typed(short.free, None, ctypes.c_void_p)
        self.usable = self._typed(short.malloc_usable_size, ctypes.c_size_t, ctypes.c_void_p)
        self.zero = self._typed(short.memset, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
        self.end = self._typed(short.sbrk, ctypes.c_void_p, ctypes.c_ssize_t)

    @staticmethod
    def _typed(function: Any, result: Any, *arguments: Any) -> Any:
        function.restype, function.argtypes = result, arguments
        return function


@cache
def _heap() -> _Heap | None:
    try:
        return _Heap()
    except AttributeError:
        return None


def use_one_heap() -> None:
    """All threads take their memory from one place, where `overwrite_freed` reaches it.

    To be called before there are many threads. It also keeps less memory in use than a place for each thread.
    """
    heap = _heap()
    if heap is not None:
        heap.option(_M_ARENA_MAX, 1)


def overwrite_unused() -> None:
    """Fill with zeros what deques have asked for and not used yet: their blocks come as they were let go of.

    They live long, in queues and inboxes, and one that is made while a request is being forgotten may get what that
    left. The layout is that of CPython's Modules/_collectionsmodule.c.
    """
    heap = _heap()
    if heap is None or overwrites_at_once() or not _knows_deques():
        return
    spare = deque(repeat(None, _BLOCKS_KEPT * _BLOCK))
    spare.clear()
    with _alone():
        for each in gc.get_objects():
            if type(each) is deque:
                left, right, first, last = _Deque.from_address(id(each)).ends()
                if not each:
                    first, last, right = _BLOCK, -1, left
                heap.zero(left + _POINTER, 0, first * _POINTER)
                heap.zero(right + (last + 2) * _POINTER, 0, (_BLOCK - 1 - last) * _POINTER)


@contextmanager
def _alone() -> Iterator[None]:
    """No other thread runs Python code meanwhile, unless this one waits for something."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_ALONE_SECONDS)
    try:
        time.sleep(2 * before)  # who waits for the interpreter with the old patience has had it now
        yield
    finally:
        sys.setswitchinterval(before)


class _Deque(ctypes.Structure):
    """What a deque begins with."""

    _fields_ = [
        (name, ctypes.c_ssize_t)
        for name in ("references", "type", "length", "left", "right", "first", "last", "state", "most")
    ]  # fmt: skip

    def ends(self) -> tuple[int, int, int, int]:
        """The addresses of the first and the last block, and the places of the first and last entry in them."""
        return self.left, self.right, self.first, self.last


@cache
def _knows_deques() -> bool:
    """Whether they are laid out as `_Deque` has it."""
    entry = object()
    probe = deque([entry, entry], 77)
    seen = _Deque.from_address(id(probe))
    if (seen.type, seen.length, seen.most, seen.left) != (id(deque), 2, 77, seen.right):
        return False
    if not 0 < seen.first < seen.last == seen.first + 1 < _BLOCK:
        return False
    return ctypes.c_ssize_t.from_address(seen.left + (seen.last + 1) * _POINTER).value == id(entry)


def overwrite_freed() -> None:
    """Fill with zeros what is free in this process, but for what other threads keep for themselves."""
    _overwrite_small_objects()
    overwrite_thread_cache()
    heap = _heap()
    if heap is None:
        return
    if overwrites_at_once():
        heap.trim(0)
    else:
        _overwrite_heap(heap)


def overwrite_thread_cache() -> None:
    """The same for small blocks that this thread has freed and keeps for itself."""
    numpy: Any = sys.modules.get("numpy")  # where it was never imported it keeps nothing
    for size in _NUMPY_SIZES if numpy else ():
        arrays = [numpy.zeros(size, numpy.uint8) for _ in repeat(None, _NUMPY_KEPT)]
        arrays.clear()
    heap = _heap()
    if heap is None or overwrites_at_once():
        return
    for size in _CACHED:
        blocks = [heap.malloc(size) for _ in repeat(None, _CACHE_KEPT)]
        for block in blocks:
            if block:
                heap.zero(block, 0, size)
        for block in blocks:
            heap.free(block)


def _overwrite_small_objects() -> None:
    """What CPython's own allocator has freed: pools without a size, every free block of each size in the others, and
    then what the largest size left over at the ends of the pools without one."""
    pools = _take(_PYTHON_SIZES[-1], _POOL_BYTES)
    for size in _PYTHON_SIZES:
        _take(size, _PYTHON_BYTES)
    pools.clear()
    # Smaller ones than any object of bytes: what lists keep their entries in.
    for entries in (2, 4):
        lists = [[None] * entries for _ in repeat(None, _PYTHON_BYTES // (8 * entries))]
        lists.clear()
    for size in _PYTHON_SIZES:
        held = [bytes(size - _HEADER) for _ in repeat(None, _PYTHON_BYTES // size)]
        held.clear()


def _take(size: int, most: int) -> list[bytes]:
    """Zeros in every free block of a size: as many as there are before more memory is asked of the system, or `most`
    bytes of them where that cannot be seen."""
    held: list[bytes] = []
    before = _mapped()
    known = before > 0
    while len(held) * size < (_POOL_BYTES if known else most):
        if known and _mapped() - before - sys.getsizeof(held) >= _ARENA_BYTES:
            break
        held += [bytes(size - _HEADER) for _ in repeat(None, 512)]
    return held


def _mapped() -> int:
    """Bytes of address space that this process uses; 0 if the kernel does not tell."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[0]) * _PAGE
    except OSError:
        return 0


def _overwrite_heap(heap: _Heap) -> None:
    """Take every free block, the largest first, until only memory beyond all blocks is given; then some of that."""
    heap.trim(0)  # whole pages that are free go back to the system, which clears them
    beyond = heap.info().keepcost
    top = heap.end(0) - beyond
    # Of its full length at once: a list that grows keeps room in which lies what lay there before.
    taken, count = [0] * _MOST_BLOCKS, 0
    for size in _SIZES:
        # This thread's cache may give blocks from anywhere.
        strangers = _CACHE_KEPT if size <= _CACHED[-1] else 1
        while strangers and count < _MOST_BLOCKS:
            block = heap.malloc(size)
            if not block:
                break
            strangers -= block >= top
            if block >= top and size > _CACHED[-1]:
                heap.free(block)
            else:
                _clear(heap, block)
                taken[count] = block
                count += 1
    last = 0  # the blocks beyond are a chain: each begins with the address of the one before
    for _ in range(0, beyond, _LARGEST):
        if block := heap.malloc(min(beyond, _LARGEST)):
            heap.zero(block, 0, heap.usable(block))
            ctypes.c_void_p.from_address(block).value = last
            last = block
    while last:
        block, last = last, ctypes.c_void_p.from_address(last).value or 0
        heap.free(block)
    for number in range(count):
        heap.free(taken[number])
    heap.trim(0)


def _clear(heap: _Heap, block: int) -> None:
    size = heap.usable(block)
    if size <= 3 * _EDGE:
        heap.zero(block, 0, size)
    else:
        heap.zero(block, 0, _EDGE)
        heap.zero(block + size - _EDGE, 0, _EDGE)
