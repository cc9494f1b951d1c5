"""`assistant run --split`: every service in a process of its own, kept alive from here."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from assistant.runner import BACK_OFF, STEADY_SECONDS

STOP_SECONDS = 5.0
"""A service that has not ended this long after SIGTERM is killed."""

log = logging.getLogger("assistant.supervisor")


class Supervisor:
    """Starts `assistant … run NAME` for each name, and again whenever one ends."""

    def __init__(self, options: Sequence[str]) -> None:
        self._options = options
        """Options before `run`: --set and --config."""
        self._tasks: list[asyncio.Task[None]] = []
        self.pids: dict[str, int] = {}

    def start(self, names: Sequence[str]) -> None:
        """Start these processes."""
        self._tasks += [asyncio.create_task(self._keep(name), name=name) for name in names]

    async def stop(self) -> None:
        """End all processes; SIGTERM first."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()

    def pass_on(self, number: signal.Signals, name: str) -> None:
        """Send a signal on to a service's process, if it has one."""
        if name in self.pids:
            with suppress(ProcessLookupError):
                os.kill(self.pids[name], number)

    async def _keep(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        attempts = 0
        while True:
            began = loop.time()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "assistant", *self._options, "run", name, "--child"
            )
            self.pids[name] = process.pid
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                await _end(process)
                raise
            attempts = 0 if loop.time() - began > STEADY_SECONDS else attempts
            wait = BACK_OFF[min(attempts, len(BACK_OFF) - 1)]
            attempts += 1
            log.error("%s ended (%s); again in %.1f s", name, _how(code), wait)
            await asyncio.sleep(wait)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask a process to end, then make it."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
