"""A speaker that a test can hold, stop and listen to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from assistant.audio.frame import Samples
from assistant.errors import DeviceError


class FakeSpeaker:
    """Behaves as `audio.ports.Speaker` says. `taken` gets a piece when it begins to sound; while `hold` is set, a
    piece sounds until the speaker is stopped."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[Samples] = asyncio.Queue()
        self.plays: list[list[Samples]] = []
        self.rates: list[int] = []
        self.hold = False
        self.stops = 0
        self.failure: DeviceError | None = None
        self._stopped = asyncio.Event()

    async def play(self, samples: AsyncIterator[Samples], rate: int) -> bool:
        self._stopped.clear()
        self.plays.append([])
        self.rates.append(rate)
        async for piece in samples:
            if self.failure is not None:
                raise self.failure
            self.plays[-1].append(piece)
            self.taken.put_nowait(piece)
            if self.hold:
                await self._stopped.wait()
            if self._stopped.is_set():
                return False
        return not self._stopped.is_set()

    async def stop(self) -> None:
        self.stops += 1
        self._stopped.set()


@pytest.fixture
async def speaker() -> FakeSpeaker:
    return FakeSpeaker()
