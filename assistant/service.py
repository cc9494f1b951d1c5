"""The base of every service: a name, what it hears, what it says, and one `handle`.

The same class runs in a test, together with all others in one process, or alone in a process of its own.
"""

from __future__ import annotations

import asyncio
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, ClassVar

from assistant import __version__
from assistant.bus.base import Bus
from assistant.errors import AssistantError, PolicyError
from assistant.messages import Message, dialog, system

EVERYONE_HEARS: tuple[type[Message], ...] = (system.Probe, dialog.Closed)
"""Need not be listed in `hears`: each service says how it is, and each process forgets what was said."""


class Service(ABC):
    """One room's worker.

    `hears` and `says` are checked at run time, drive the hub's policy, and make the table in docs/messages.md.
    `system.*` facts and `EVERYONE_HEARS` need not be listed.
    """

    name: ClassVar[str]
    hears: ClassVar[tuple[type[Message], ...]] = ()
    says: ClassVar[tuple[type[Message], ...]] = ()

    def __init__(self) -> None:
        self.log = logging.getLogger(f"assistant.{self.name}")
        self._bus: Bus | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self.started = asyncio.Event()
        """Set once `start` is done."""

    async def start(self) -> None:
        """Get ready; `system.ready` follows. Raise an AssistantError if that cannot be."""

    @abstractmethod
    async def handle(self, message: Message) -> None:
        """React to one message of `hears`. Messages come one at a time: long work belongs into `spawn`."""

    async def stop(self) -> None:
        """Let go of everything. Also called when `start` failed."""

    def overwrite(self) -> None:
        """Have threads of its own overwrite what they have let go of, without waiting. What was said may lie there."""

    def health(self) -> system.Health:
        """How it is; the answer to `system.probe`."""
        return system.Health(service=self.name, state="ok", pid=os.getpid())

    def say(self, message: Message) -> None:
        """Publish. Raises PolicyError for a kind that is not in `says`."""
        if type(message) not in self.says and not isinstance(message, (system.Ready, system.Health, system.Failed)):
            raise PolicyError(f"{self.name} may not say {message.topic}", hint="Add it to the service's `says`")
        if self._bus is not None:
            self._bus.publish(message, self.name)

    def spawn(self, work: Coroutine[Any, Any, None], name: str = "") -> asyncio.Task[None]:
        """Run beside `handle`. If it raises, the whole service fails and the runner starts it again."""
        if self._tasks is None:
            work.close()
            raise RuntimeError(f"{self.name} is not running")
        return self._tasks.create_task(work, name=f"{self.name}:{name}")

    async def serve(self, bus: Bus) -> None:
        """Start, handle messages until cancelled or the bus closes, stop."""
        self._bus = bus
        inbox = bus.subscribe((*self.hears, system.Probe), self.name)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                await self.start()
                self.started.set()
                self.say(system.Ready(service=self.name, version=__version__))
                async for envelope in inbox:
                    if isinstance(envelope.message, system.Probe):
                        self.say(self.health())
                    else:
                        await self.handle(envelope.message)
                    # It may hold what someone said, and the next one may come in a week.
                    del envelope
                raise _BusClosed
        except* _BusClosed:
            pass
        except* Exception as group:  # told to the bus, raised again for the runner
            self.say(system.Failed(service=self.name, error=describe(group)))
            raise
        finally:
            self._tasks = None
            inbox.close()
            await self.stop()


def describe(error: BaseException) -> str:
    """One line for a person, from an error or a group of them."""
    cause = first(error)
    return str(cause) if isinstance(cause, AssistantError) else f"defect: {type(cause).__name__}"


def first(error: BaseException) -> BaseException:
    """The first real error in a group of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class _BusClosed(Exception):
    """Ends the task group, and with it whatever was spawned."""
