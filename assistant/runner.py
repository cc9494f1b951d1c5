"""Keeps services running in this process: start, restart with back-off when one breaks, stop in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from assistant.bus.base import Bus
from assistant.errors import AssistantError, BusError
from assistant.forget import Forgetter
from assistant.notify import notify, watchdog_seconds
from assistant.service import Service, describe, first

BACK_OFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the first, second … restart of a service that keeps failing."""
STEADY_SECONDS = 60.0
"""A service that ran this long starts again without waiting."""

log = logging.getLogger("assistant.runner")

Factory = Callable[[], Service]
Join = Callable[[Service], AbstractAsyncContextManager[Bus]]
"""Gives a service its bus: the one in this process, or a connection of its own to the hub."""


class Runner:
    """Runs the services that `factories` make, by name, each on the bus that `join` gives it, until `stop`."""

    def __init__(self, factories: Mapping[str, Factory], join: Join) -> None:
        self._factories = factories
        self._join = join
        self._tasks: list[asyncio.Task[None]] = []
        self._starting = set(factories)
        self._all_started = asyncio.Event()
        self._forgetter = Forgetter()
        self.failures: dict[str, str] = {}
        """Why each service that is down failed last."""

    def start(self) -> None:
        """Begin, in the order of the factories."""
        self._tasks = [asyncio.create_task(self._keep(*each), name=each[0]) for each in self._factories.items()]

    async def started(self) -> None:
        """Wait until every service has started once or has failed to."""
        if self._factories:
            await self._all_started.wait()

    async def stop(self) -> None:
        """End all services, the last first."""
        for task in reversed(self._tasks):
            task.cancel()
            await asyncio.wait({task}, timeout=5)
        self._tasks.clear()
        self._forgetter.stop()

    async def _keep(self, name: str, factory: Factory) -> None:
        """One service, made anew and started again whenever it ends."""
        loop = asyncio.get_running_loop()
        attempts = 0
        while True:
            began = loop.time()
            try:
                error = await self._run(factory(), first_time=attempts == 0)
            except AssistantError as refusal:  # it could not even be made
                error = refusal
            if loop.time() - began > STEADY_SECONDS:
                attempts = 0
            wait = BACK_OFF[min(attempts, len(BACK_OFF) - 1)]
            self.failures[name] = describe(error)
            if attempts == 0:
                self._started(name)
            attempts += 1
            defect = error if not isinstance(first(error), AssistantError) else None
            log.error("%s failed: %s (again in %.1f s)", name, describe(error), wait, exc_info=defect)
            await asyncio.sleep(wait)

    def _started(self, name: str) -> None:
        """A service has started once, or has failed to."""
        self._starting.discard(name)
        if not self._starting:
            self._all_started.set()

    async def _run(self, service: Service, *, first_time: bool) -> BaseException:
        """Serve until something ends it; what did."""
        serving = asyncio.create_task(self._serve(service), name=service.name)
        starting = asyncio.create_task(service.started.wait())
        try:
            await asyncio.wait({starting, serving}, return_when=asyncio.FIRST_COMPLETED)
            if service.started.is_set():
                self.failures.pop(service.name, None)
                if first_time:
                    self._started(service.name)
            await asyncio.wait({serving})
        except asyncio.CancelledError:
            serving.cancel()
            await asyncio.wait({serving}, timeout=5)
            raise
        finally:
            starting.cancel()
        return serving.exception() or BusError("the connection to the hub was lost")

    async def _serve(self, service: Service) -> None:
        async with self._join(service) as bus:
            forgetting = asyncio.create_task(
                self._forgetter.watch(bus, service.overwrite), name=f"{service.name}:forget"
            )
            try:
                await service.serve(bus)
            finally:
                forgetting.cancel()


async def until_signal() -> str:
    """Wait for SIGINT or SIGTERM; its name."""
    loop = asyncio.get_running_loop()
    came: asyncio.Future[str] = loop.create_future()

    def take(name: str) -> None:
        if not came.done():
            came.set_result(name)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, take, number.name)
    try:
        return await came
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def watch_over(status: Callable[[], str] | None = None) -> None:
    """Tell systemd that the event loop is alive, as often as it wants."""
    every = watchdog_seconds()
    while every is not None:
        notify("WATCHDOG=1" if status is None else f"WATCHDOG=1\nSTATUS={status()}")
        await asyncio.sleep(every)


def die_with_parent() -> None:
    """Ask the kernel for SIGTERM when the supervisor is gone (prctl(2), PR_SET_PDEATHSIG)."""
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM)
    if os.getppid() == 1:
        os.kill(os.getpid(), signal.SIGTERM)
