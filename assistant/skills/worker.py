"""A thread with an event loop for one skill: whatever the skill does there blocks only itself."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from assistant.memory import overwrite_thread_cache

T = TypeVar("T")

GRACE = 0.25
"""Seconds that the loop gets to show a sign of life after a time-out."""
FORGET_SECONDS = 0.8
"""After its last work what the thread had freed is overwritten, which is before the process does so for all."""


class TooSlow(Exception):
    """The work took too long and was cancelled; the thread still works."""


class Blocked(Exception):
    """The work took too long and holds the thread, which has to be given up."""


class Quit(Exception):
    """The work wanted to end the program (`sys.exit`), or raised something that is no Exception."""


class Worker:
    """Runs work given by another event loop, one thing at a time between awaits."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        # The default handler would log the exception, whose message may hold words that were said.
        self._loop.set_exception_handler(lambda loop, context: None)
        self._forgetting: asyncio.TimerHandle | None = None
        # A daemon: a thread that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name=f"skill-{name}", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]], timeout: float | None) -> T:
        """The result of the work. Raises what the work raised, Quit, TooSlow or Blocked."""
        future = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_contained(work), self._loop))
        try:
            await asyncio.wait({future}, timeout=timeout)
        finally:
            if not future.done():
                future.cancel()
            self._loop.call_soon_threadsafe(self._forget_soon)
        if not future.cancelled():
            return future.result()
        if not await self._answers():
            raise Blocked
        raise TooSlow

    def soon(self, call: Callable[[], None]) -> None:
        """Call this in the thread. Not waited for."""
        self._loop.call_soon_threadsafe(call)

    def close(self, last: Callable[[], None] | None = None) -> None:
        """End the thread, once what it does now is over; `last` is called in it."""
        if last is not None:
            self._loop.call_soon_threadsafe(last)
        self._loop.call_soon_threadsafe(self._loop.stop)

    def abandon(self) -> None:
        """Give up on a thread that is blocked.

        An exception is raised in it, which ends a loop of Python code; a system call that never returns keeps its
        thread, idle, until the process ends.
        """
        self.close()
        if self._thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident), ctypes.py_object(_Abandoned))

    def join(self, timeout: float) -> bool:
        """Wait for the end of the thread; whether it ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _forget_soon(self) -> None:
        """What the thread has freed and keeps for itself is overwritten: words that were said may lie there."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = self._loop.call_later(FORGET_SECONDS, overwrite_thread_cache)

    async def _answers(self) -> bool:
        alive: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        caller = asyncio.get_running_loop()

        def answer() -> None:
            caller.call_soon_threadsafe(lambda: None if alive.done() else alive.set_result(None))

        self._loop.call_soon_threadsafe(answer)
        await asyncio.wait({alive}, timeout=GRACE)
        return alive.done()

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            # Once more round; a second `stop` that waits already does no harm to this.
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()
        except _Abandoned:
            pass
        # The loop is not closed: late calls from other threads then fall silent instead of failing.


class _Abandoned(BaseException):
    """Raised inside a thread that was given up on."""


async def _contained(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The work, unable to end the loop that runs it."""
    try:
        return await work()
    except (Exception, asyncio.CancelledError):
        raise
    except BaseException as error:  # noqa: BLE001 - foreign code; what is no Exception would end the loop
        raise Quit(type(error).__name__).with_traceback(error.__traceback__) from None


async def settled(result: Awaitable[T] | T) -> T:
    """What a handler returned, awaited if it was `async def`."""
    return await result if isinstance(result, Awaitable) else result
