"""When a process overwrites what it has let go of: after every session, whether it heard or only passed on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import Callable, Iterable, Sequence

from assistant.bus.base import Bus
from assistant.memory import overwrite_freed, overwrite_thread_cache, overwrite_unused
from assistant.messages import dialog

SECONDS = (1.0, 3.0, 4.2)
"""After the end of a session. By the first all services have let go of what was said, by the second of the words of the
reply; the third is for a busy machine."""


Threads = Callable[[], Iterable[Callable[[Callable[[], None]], object]]]
"""Gives, for each thread, how to have something called in it."""


def forget() -> None:
    """Overwrite what was let go of, also where objects hold each other. Takes some 20 ms (x86-64)."""
    # CPython remembers names that were looked up last. One that came up among the words lies in their memory, and
    # would keep what is behind it.
    clear = getattr(sys, "_clear_internal_caches", None) or getattr(sys, "_clear_type_cache", None)
    if clear is not None:
        clear()
    gc.collect()
    overwrite_unused()
    overwrite_freed()


class Forgetter:
    """One for a process, however many services and buses it has."""

    def __init__(self, overwrite: Callable[[], None] = forget, after: Sequence[float] = SECONDS) -> None:
        self._overwrite = overwrite
        self._after = after
        self._due: list[asyncio.TimerHandle] = []
        self._threads: list[Threads] = []

    async def watch(self, bus: Bus, threads: Threads = tuple) -> None:
        """Until the bus closes or this is cancelled. What `threads` name overwrite, too, what they keep."""
        self._threads.append(threads)
        inbox = bus.subscribe([dialog.Closed], "forget")
        try:
            async for _ in inbox:
                self.stop()
                loop = asyncio.get_running_loop()
                self._due = [loop.call_later(seconds, self._forget) for seconds in self._after]
        finally:
            inbox.close()
            self._threads.remove(threads)

    def _forget(self) -> None:
        # Each thread keeps a little of what it has freed, and the objects of one may be collected in another.
        for threads in self._threads:
            for call in threads():
                with contextlib.suppress(RuntimeError):  # it has just ended
                    call(overwrite_thread_cache)
        self._overwrite()

    def stop(self) -> None:
        """Nothing is to be overwritten any more."""
        for each in self._due:
            each.cancel()
        self._due.clear()
