"""The assistant as it runs: everything in one process, some services joined to a hub, or one process a service."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from assistant.build import SERVICES, Builder, policy
from assistant.bus.base import Bus
from assistant.bus.hub import Hub
from assistant.bus.memory import MemoryBus
from assistant.bus.socket import connect
from assistant.config.schema import Config
from assistant.errors import EngineError
from assistant.messages import intent, system
from assistant.notify import notify
from assistant.runner import Join, Runner, until_signal, watch_over
from assistant.service import Service
from assistant.supervise import Supervisor

log = logging.getLogger("assistant.run")


async def run(
    config: Config, builder: Builder, socket: Path, names: Sequence[str], options: Sequence[str] | None
) -> None:
    """Run until SIGINT or SIGTERM.

    `names` are services, with "hub" among them to host the bus here, without it to join the one that runs. With
    `options` (those before `run` on the command line) every service gets a process of its own.
    Raises BusError when the hub cannot listen.
    """
    stop = asyncio.create_task(until_signal())
    services = [name for name in SERVICES if name in names]
    if "audio" in services or "consent" in services:
        await asyncio.to_thread(builder.recover)
    async with AsyncExitStack() as stack:
        bus = MemoryBus(queue=config.bus.queue)
        if "hub" in names:
            hub = Hub(bus, policy(), socket, max_bytes=config.bus.max_bytes)
            hub.reserved = set() if options is not None else set(services)
            await hub.start()
            stack.push_async_callback(hub.stop)
            stack.callback(asyncio.create_task(_report(bus, services)).cancel)
        if options is not None:
            supervisor = Supervisor(services, options)
            stack.push_async_callback(supervisor.stop)
            supervisor.start()
        else:
            runner = Runner(builder.factories(services), _local(bus) if "hub" in names else _joined(socket))
            stack.push_async_callback(runner.stop)
            runner.start()
            if "hub" in names:
                await _raise_failures(runner, stop)
        stack.callback(asyncio.create_task(watch_over()).cancel)
        log.info("%s: stopping", await stop)
        notify("STOPPING=1")


async def _raise_failures(runner: Runner, stop: asyncio.Task[str]) -> None:
    """A mistake that shows at the start ends it, instead of being tried again for ever. Raises EngineError."""
    starting = asyncio.create_task(runner.started())
    await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    for service, reason in runner.failures.items():
        stop.cancel()
        raise EngineError(reason, where=service)


def _local(bus: Bus) -> Join:
    @asynccontextmanager
    async def join(_service: Service) -> AsyncIterator[Bus]:
        yield bus

    return join


def _joined(socket: Path) -> Join:
    @asynccontextmanager
    async def join(service: Service) -> AsyncIterator[Bus]:
        async with connect(socket, hears=(*service.hears, system.Probe), name=service.name) as bus:
            yield bus

    return join


async def _report(bus: MemoryBus, services: Sequence[str]) -> None:
    """Tell the person, and systemd, when it listens;"""
    began = asyncio.get_running_loop().time()
    waiting = {*services}
    learned = "intent" not in waiting
    ready = False
    inbox = bus.subscribe([system.Ready, intent.Learned], "report")
    async for envelope in inbox:
        match envelope.message:
            case system.Ready(service=service):
                waiting.discard(service)
            case intent.Learned():
                learned = True
        if not ready and not waiting and learned:
            ready = True
            log.info("ready after %.1f s", asyncio.get_running_loop().time() - began)
            notify(f"READY=1\nMAINPID={os.getpid()}\nSTATUS=listening")
