"""The assistant as it runs: everything in one process, some services joined to a hub, or one process a service."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from assistant.build import SERVICES, Builder, policy
from assistant.bus.base import Bus, Subscription
from assistant.bus.hub import Hub
from assistant.bus.memory import MemoryBus
from assistant.bus.socket import connect
from assistant.config.schema import Config
from assistant.errors import EngineError
from assistant.forget import Forgetter
from assistant.messages import audio, intent, system
from assistant.notify import notify
from assistant.runner import Join, Runner, until_signal, watch_over
from assistant.service import EVERYONE_HEARS, Service
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
    # The button that mutes (SIGUSR1) is the audio service's; it must not end a process that does not know it.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    stop = asyncio.create_task(until_signal())
    services = [name for name in SERVICES if name in names]
    if "consent" in services and options is None:
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
            forgetter = Forgetter()  # the hub passes words on
            stack.callback(asyncio.create_task(forgetter.watch(bus)).cancel)
            stack.callback(forgetter.stop)
            supervisor = Supervisor(options)
            stack.push_async_callback(supervisor.stop)
            await _start(supervisor, services, bus, stop)
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, supervisor.pass_on, signal.SIGUSR1, "audio")
        else:
            runner = Runner(builder.factories(services), _local(bus) if "hub" in names else _joined(socket))
            stack.push_async_callback(runner.stop)
            runner.start()
            if "hub" in names:
                await _raise_failures(runner, stop)
        stack.callback(asyncio.create_task(watch_over()).cancel)
        log.info("%s: stopping", await stop)
        notify("STOPPING=1")


async def _start(supervisor: Supervisor, services: Sequence[str], bus: MemoryBus, stop: asyncio.Task[str]) -> None:
    """The microphone opens once the consent service has finished what a crash may have left half deleted."""
    inbox = bus.subscribe([system.Ready], "start")
    supervisor.start([name for name in services if name != "audio"])
    if "consent" in services:
        recovered = asyncio.create_task(_ready(inbox, "consent"))
        await asyncio.wait({recovered, stop}, return_when=asyncio.FIRST_COMPLETED)
        recovered.cancel()
    inbox.close()
    if "audio" in services and not stop.done():
        supervisor.start(["audio"])


async def _ready(inbox: Subscription, name: str) -> None:
    async for envelope in inbox:
        if isinstance(envelope.message, system.Ready) and envelope.message.service == name:
            return


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
        async with connect(socket, hears=(*service.hears, *EVERYONE_HEARS), name=service.name) as bus:
            yield bus

    return join


async def _report(bus: MemoryBus, services: Sequence[str]) -> None:
    """Tell the person, and systemd, when it listens and when it does not."""
    began = asyncio.get_running_loop().time()
    waiting = {*services}
    learned = "intent" not in waiting
    ready = muted = False
    inbox = bus.subscribe([system.Ready, intent.Learned, audio.Muted, audio.Unmuted], "report")
    async for envelope in inbox:
        match envelope.message:
            case system.Ready(service=service):
                waiting.discard(service)
            case intent.Learned():
                learned = True
            case audio.Muted() | audio.Unmuted() as news:
                muted = isinstance(news, audio.Muted)
                notify(f"STATUS={_status(muted)}")
        if not ready and not waiting and learned:
            ready = True
            log.info("ready after %.1f s", asyncio.get_running_loop().time() - began)
            notify(f"READY=1\nMAINPID={os.getpid()}\nSTATUS={_status(muted)}")


def _status(muted: bool) -> str:
    return "muted, the microphone is closed" if muted else "listening"
