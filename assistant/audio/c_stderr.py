"""Silence for the C libraries below PortAudio, which complain on stderr about every device that is not there.

Only C's own `stderr` stream is exchanged, and only during a call: Python's sys.stderr, and so every line that this
program writes, goes straight to the descriptor and is never touched.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class QuietC:
    """`with quiet():` around calls into C. Threads may nest; where the C library has no such symbol it does nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._null: int | None = None
        self._kept: int | None = None
        libc = ctypes.CDLL(None)
        try:
            self._stderr = ctypes.c_void_p.in_dll(libc, "stderr")
        except ValueError:
            return
        libc.fopen.restype = ctypes.c_void_p
        self._null = libc.fopen(b"/dev/null", b"w")

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            self._users += 1
            if self._users == 1 and self._null:
                self._kept, self._stderr.value = self._stderr.value, self._null
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0 and self._null:
                    self._stderr.value = self._kept
