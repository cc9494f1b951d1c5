"""Forgetting everything: first the skills stand still, then the store is destroyed, and it is told what went."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from assistant.consent.purge import Receipt
from assistant.consent.room import Room
from assistant.messages import Message, consent

PAUSE_SECONDS = 3.0
"""How long forgetting waits for skills to stand still."""

T = TypeVar("T")


class Quietly(Protocol):
    """Runs work in the room's thread; None when the store cannot be used."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T | None]: ...


class Forgetting:
    """Brings the skills to a stand and, for the owner's command, destroys everything."""

    def __init__(self, room: Room, say: Callable[[Message], None], quietly: Quietly) -> None:
        self._room = room
        self._say = say
        self._quietly = quietly
        self._still = asyncio.Event()

    def stand_still(self) -> None:
        """The skills say that they do."""
        self._still.set()

    async def pause(self) -> None:
        """Have the skills stand still, so that none writes down again what is being destroyed."""
        self._still.clear()
        self._say(consent.Forget())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._still.wait(), PAUSE_SECONDS)

    async def scrub(self, wish: consent.Scrub) -> bool:
        """The owner's command, which has a folder of its own in mind; whether everything is gone."""
        if wish.state != str(self._room.paths.state):
            self._say(consent.Refused(purpose="everything", why="elsewhere"))
            return False
        await self.pause()
        receipt = await self._quietly(partial(self._room.purge.everything, method="cli", actor=wish.actor))
        if receipt is None:
            gone = consent.Destroyed(why="everything", clips=0, code="", failed=("store",), request=wish.request)
            self._say(gone)
            return False
        self._say(_destroyed(receipt, wish.request))
        return True


def _destroyed(receipt: Receipt, request: str) -> consent.Destroyed:
    return consent.Destroyed(
        why="everything",
        clips=receipt.clips,
        code=receipt.code,
        failed=receipt.failed,
        request=request,
        gone=tuple(consent.Gone(surface=name, count=count) for name, count in receipt.counts.items()),
        copies=receipt.copies,
    )
