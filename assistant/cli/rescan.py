"""Has the running assistant look at the skills again, and waits until it did."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from assistant.bus.socket import connect
from assistant.cli.context import Context
from assistant.errors import BusError, SkillError
from assistant.messages import intent, skill

ANSWER_SECONDS = 30.0


def looked(context: Context, name: str) -> str:
    """What came of it, as a sentence, after what a skill may reach was changed. Raises SkillError if it broke."""
    return _told(lambda: _rescan(context, name))


def understood(context: Context, name: str, *, there: bool) -> str:
    """The same after a skill came, or went: it waits until its sentences count, or no longer. Raises SkillError."""
    return _told(lambda: _rescan(context, name, there=there))


def _told(work: Callable[[], Coroutine[Any, Any, None]]) -> str:
    try:
        asyncio.run(work())
    except BusError:
        return "The assistant is not running; it will know when it starts."
    except TimeoutError:
        return "The running assistant did not answer. See: assistant status"
    return "The running assistant knows."


async def _rescan(context: Context, name: str, *, there: bool | None = None) -> None:
    """`there`: whether the sentences are to count then; None: no matter. Raises BusError, TimeoutError, SkillError."""
    kinds = (skill.Failed, skill.Scanned, intent.Learned)
    ticket, scanned = uuid.uuid4().hex, False
    async with connect(context.socket, hears=kinds) as bus, asyncio.timeout(ANSWER_SECONDS):
        inbox = bus.subscribe(kinds, "skills")
        bus.publish(skill.Rescan(ticket=ticket), "client")
        async for envelope in inbox:
            match envelope.message:
                case skill.Failed(skill=failed, reason=reason) if failed == name:
                    raise SkillError(f"it is there, but does not work: {reason}", where=name)
                case skill.Scanned(ticket=mine) if mine == ticket:
                    if there is None:
                        return
                    scanned = True
                case intent.Learned(skills=known) if scanned and (name in known) is there:
                    return
    raise BusError("the assistant stopped")
