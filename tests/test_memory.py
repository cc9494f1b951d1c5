"""What is let go of is overwritten, whoever held it: Python, numpy or the C library. And when that happens."""

from __future__ import annotations

import asyncio
import os
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
# As they are where the C library does not overwrite by itself.
ENVIRON = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
MAKERS = {
    "objects": "(mark() * (size // 48 + 1))[: size - 1]",
    "arrays": "np.resize(np.frombuffer(mark(), np.uint8), size)",
}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has another heap")
@pytest.mark.parametrize("maker", MAKERS)
def test_what_is_let_go_of_is_overwritten(maker: str) -> None:
    code = LEFT.replace("MAKE", MAKERS[maker])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True, env=ENVIRON)
    assert done.returncode == 0, done.stderr
    before, after = (int(each) for each in done.stdout.split())
    assert before > 1000, "the test is blind"
    # A thread that has ended, and the reader itself, may hold on to a few.
    assert after <= 50


# Blocks of a deque are as large as these bytes, and come as they were let go of.
QUEUES = """
import ctypes
from collections import deque
from assistant.memory import _Deque, overwrite_unused, use_one_heap
use_one_heap()
let_go = [(b"SECRET" * 83)[:494] + bytes([number]) for number in range(60)]
del let_go
queues = [deque() for _ in range(60)]
left = lambda: sum(b"SECRET" in ctypes.string_at(_Deque.from_address(id(each)).left, 528) for each in queues)
before = left()
queues[3].append(1)
queues[20].extend(range(100))
queues[40].appendleft(2)
overwrite_unused()
print(before, left(), [list(queues[3]), list(queues[20]) == list(range(100)), list(queues[40])])
queues[3].extend(range(200))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has another heap")
def test_a_queue_that_lives_on_holds_nothing_of_what_its_memory_held_before() -> None:
    done = subprocess.run([sys.executable, "-c", QUEUES], capture_output=True, check=False, text=True, env=ENVIRON)
    assert done.returncode == 0, done.stderr
    before, after, entries = done.stdout.split(maxsplit=2)
    assert int(before) > 30, "the test is blind"
    assert int(after) == 0
    assert entries.strip() == "[[1], True, [2]]"


async def test_threads_of_a_service_are_told_to_overwrite_what_they_keep() -> None:
    bus, done = MemoryBus(), asyncio.Event()
    forgetter = Forgetter(lambda: None, after=(0.0,))
    watching = asyncio.create_task(forgetter.watch(bus, done.set))
    await asyncio.sleep(0)
    bus.publish(dialog.Closed(session="1", outcome="answered"), "test")
    async with asyncio.timeout(30):
        await done.wait()
    bus.close()
    await watching


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
