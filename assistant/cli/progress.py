"""A progress bar on stderr: drawn on a terminal, a line at the start and the end elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 30


class Bar:
    """`bar(name, done, total)`; both in bytes, total 0 when it is not known."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._name = ""
        self._began = 0.0
        self._drawn = 0.0

    def __call__(self, name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if name != self._name:
            self._name, self._began, self._drawn = name, now, 0.0
            if not self._live:
                print(f"{name}: {megabytes(total)}", file=self._stream)
        over = total > 0 and done >= total
        if self._live and (over or now - self._drawn > 0.1):
            self._drawn = now
            share = done / total if total else 0.0
            filled = round(share * WIDTH)
            rate = done / max(now - self._began, 1e-3)
            print(
                f"\r{name}  {'█' * filled}{'░' * (WIDTH - filled)}  {megabytes(done)} of {megabytes(total)}"
                f"  {megabytes(round(rate))}/s ",
                end="\n" if over else "",
                file=self._stream,
                flush=True,
            )


def megabytes(count: int) -> str:
    """Bytes for a person; decimal megabytes, as disks and networks are sold."""
    return f"{count / 1e6:.1f} MB" if count else "size unknown"


class Steps:
    """`steps(name, done, total)`: the same for work that is counted in steps."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._name = ""
        self._drawn = 0.0

    def __call__(self, name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if name != self._name:
            self._name, self._drawn = name, 0.0
            if not self._live:
                print(f"{name} ...", file=self._stream, flush=True)
        if self._live and (done >= total or now - self._drawn > 0.1):
            self._drawn = now
            filled = round(WIDTH * done / max(1, total))
            print(
                f"\r{name:<24}{'█' * filled}{'░' * (WIDTH - filled)}  {done} of {total} ",
                end="\n" if done >= total else "",
                file=self._stream,
                flush=True,
            )
