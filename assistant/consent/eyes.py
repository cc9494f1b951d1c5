"""Whether the microphone is open, as the kernel and the sound server see it and not as anybody here believes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Literal

from assistant.messages import Message, audio

SEEING_SECONDS = 3.0
"""How long "are you recording" waits for the look at the microphone."""

Microphone = Literal["open", "closed", "wrong", "unseen"]


class Eyes:
    """Has the audio room look, and reads what it saw."""

    def __init__(self, say: Callable[[Message], None]) -> None:
        self._say = say
        self._seeing: asyncio.Future[audio.Seen] | None = None

    def saw(self, message: audio.Seen) -> None:
        """The answer of the audio room."""
        if self._seeing is not None and not self._seeing.done():
            self._seeing.set_result(message)

    async def look(self) -> Microphone:
        """How it is now; "wrong" when that contradicts what the audio room believes."""
        self._seeing = asyncio.get_running_loop().create_future()
        self._say(audio.Look())
        with contextlib.suppress(TimeoutError):
            seen = await asyncio.wait_for(self._seeing, SEEING_SECONDS)
            if seen.fault:
                return "wrong"
            if seen.ours:
                return "open"
            return "unseen" if seen.blind else "closed"
        return "unseen"
