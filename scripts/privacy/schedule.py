"""Runs rows beside each other, each in a process of its own that ends with it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from privacy.row import Result, Row

LIMIT = 1500.0
"""Seconds after which a row is given up."""
APART = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
"""What a row mounts or starts goes away with it, however it ends."""
LONG = (
    "silent", "kill", "memory", "conversation", "power", "disk-errors", "clock", "deletion", "races", "forged",
    "sandbox",
)  # fmt: skip
"""Begun first, so that the last one to run is a short one."""


class Running:
    """What is running now, for whoever shows it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: dict[str, tuple[str, float]] = {}
        self._processes: dict[str, subprocess.Popen[str]] = {}

    def begin(self, name: str, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._processes[name] = process
            self._at[name] = ("starts", time.monotonic())

    def set(self, name: str, at: str) -> None:
        with self._lock:
            self._at[name] = (at, self._at.get(name, ("", time.monotonic()))[1])

    def end(self, name: str) -> None:
        with self._lock:
            self._at.pop(name, None)
            self._processes.pop(name, None)

    def kill(self) -> None:
        """End them all."""
        with self._lock:
            for process in self._processes.values():
                kill(process)

    def __str__(self) -> str:
        with self._lock:
            now = time.monotonic()
            return " | ".join(f"{name}: {at}, {now - begin:.0f} s" for name, (at, begin) in self._at.items())


def run_all(rows: Sequence[Row], jobs: int, done: Callable[[Result], None], running: Running) -> list[Result]:
    """All rows, `jobs` at a time, in the order of `rows`. `done` hears of each as it ends, one call at a time."""
    waiting = sorted(rows, key=lambda row: LONG.index(row.name) if row.name in LONG else len(LONG))
    results: dict[str, Result] = {}
    turn = threading.Condition()
    listening = False

    def work() -> None:
        nonlocal listening
        while True:
            with turn:
                while waiting and all(row.sound and listening for row in waiting):
                    turn.wait()
                if not waiting:
                    return
                row = next(row for row in waiting if not (row.sound and listening))
                waiting.remove(row)
                listening = listening or row.sound
            try:
                result = run_one(row, running)
            finally:
                with turn:
                    listening = listening and not row.sound
                    turn.notify_all()
            with turn:
                results[row.name] = result
                done(result)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(max(1, jobs))]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    except BaseException:
        running.kill()
        raise
    return [results[row.name] for row in rows]


def run_one(row: Row, running: Running) -> Result:
    """One row; whatever happens to it, there is a result."""
    begin = time.monotonic()
    apart = APART if os.geteuid() == 0 and shutil.which("unshare") else []
    process = subprocess.Popen(
        [*apart, sys.executable, "-m", "privacy.one", row.name],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    running.begin(row.name, process)
    over = threading.Event()

    def give_up() -> None:
        over.set()
        kill(process)

    timer = threading.Timer(LIMIT, give_up)
    timer.start()
    tail: list[str] = []
    reader = threading.Thread(target=_drain, args=(process, tail), daemon=True)
    reader.start()
    result = None
    try:
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            if "at" in told:
                running.set(row.name, told["at"])
            else:
                result = Result(**told["result"])
        process.wait()
    finally:
        timer.cancel()
        kill(process)
        running.end(row.name)
    reader.join(5)
    if result is not None:
        return result
    why = f"it took longer than {LIMIT:.0f} s" if over.is_set() else f"the proof died: {''.join(tail)[-400:].strip()}"
    missing = dict.fromkeys(row.mutants, "")
    return Result(row.name, row.promise, False, missing, 0, time.monotonic() - begin, [why], [])


def kill(process: subprocess.Popen[str]) -> None:
    """The row and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _drain(process: subprocess.Popen[str], tail: list[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        tail.append(line)
        del tail[:-40]
