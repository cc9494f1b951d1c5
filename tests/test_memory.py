"""What is let go of is overwritten, whoever held it: Python, numpy or the C library. And when that happens."""

from __future__ import annotations

import asyncio
import platform
import subprocess
import sys
from collections.abc import Callable

import pytest

from assistant.bus.memory import MemoryBus
from assistant.forget import SECONDS, Forgetter
from assistant.messages import dialog

# In a process of its own, which can read all of its memory. The mark is put together there, so that the code does not
# hold it, and is looked for with one that differs from it in every byte.
LEFT = """
import ctypes, sys, threading
import numpy as np
from assistant.memory import overwrite_freed, use_one_heap
use_one_heap()
other = bytes(range(1, 49))
mark = lambda: bytes(each ^ 255 for each in other)
def left():
    found, want = 0, np.frombuffer(other, np.uint8)
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps.read().splitlines():
            span, rights, *_ = line.split()
            if "w" in rights and "[v" not in line and "[stack" not in line:
                begin, end = (int(each, 16) for each in span.split("-"))
                memory.seek(begin)
                try:
                    data = np.frombuffer(memory.read(end - begin), np.uint8)
                except OSError:  # given back meanwhile
                    continue
                at = np.flatnonzero(data == want[0] ^ 255)
                for step in (7, 20, 33, 46):
                    at = at[at + step < len(data)]
                    at = at[data[at + step] == want[step] ^ 255]
                found += len(at)
                data = None
    return found
def make(sizes):
    between, freed = [], []
    for number in range(300):
        for size in sizes:
            freed.append(MAKE)
            between.append(np.zeros(size // 2, np.int16))
    return between
kept = make((100, 400, 900, 2560, 2593, 20_000, 300_000))
thread = threading.Thread(target=lambda: kept.extend(make((2560, 9_000))))
thread.start()
thread.join()
before = left()
overwrite_freed()
after = left()
print(before, after)
"""
MAKERS = {
    "objects": "(mark() * (size // 48 + 1))[: size - 1]",
    "arrays": "np.resize(np.frombuffer(mark(), np.uint8), size)",
}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has another heap")
@pytest.mark.parametrize("maker", MAKERS)
def test_what_is_let_go_of_is_overwritten(maker: str) -> None:
    code = LEFT.replace("MAKE", MAKERS[maker])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    before, after = (int(each) for each in done.stdout.split())
    assert before > 1000, "the test is blind"
    # A thread that has ended, and the reader itself, may hold on to a few.
    assert after <= 50


async def test_after_a_session_memory_is_overwritten_however_many_services_tell_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    due: list[Timer] = []
    done: list[int] = []

    def call_later(seconds: float, work: Callable[[], None]) -> Timer:
        due.append(Timer(seconds, work))
        return due[-1]

    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", call_later)
    bus = MemoryBus()
    forgetter = Forgetter(lambda: done.append(1))
    watching = [asyncio.create_task(forgetter.watch(bus)) for _ in range(3)]
    await asyncio.sleep(0)
    bus.publish(dialog.Closed(session="1", outcome="answered"), "test")
    bus.close()
    await asyncio.gather(*watching)
    for timer in due:
        timer.fire()
    assert len(done) == len(SECONDS)
    forgetter.stop()
    assert all(timer.cancelled for timer in due)


class Timer:
    """What `call_later` gives."""

    def __init__(self, seconds: float, work: Callable[[], None]) -> None:
        self.seconds, self.work, self.cancelled = seconds, work, False

    def fire(self) -> None:
        if not self.cancelled:
            self.work()

    def cancel(self) -> None:
        self.cancelled = True
