"""A recording in place of the microphone, in its own time: nothing is lost however slow or fast the readers are.

Time here is how far the slowest reader has come. A reader that opens in the past (the recogniser, after a wake word)
holds the others back until it has caught up or closed, so the result does not depend on the machine's speed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, Frame, Samples

AHEAD = 2
"""Frames that a reader may be ahead of the slowest one."""


class ReplayReader:
    """One reader's place in the recording."""

    def __init__(self, replay: Replay, position: int) -> None:
        self._replay = replay
        self.position = position
        """Number of the next frame."""

    async def __aiter__(self) -> AsyncIterator[Frame]:
        while (frame := await self._replay.take(self)) is not None:
            yield frame

    async def close(self) -> None:
        self._replay.leave(self)


class Replay:
    """Implements `ports.Microphone` over samples in memory (16 kHz mono int16, shape (n,))."""

    def __init__(self, samples: Samples) -> None:
        frames = -(-len(samples) // FRAME_SAMPLES)
        self._frames = np.zeros((frames, FRAME_SAMPLES), dtype=np.int16)
        self._frames.reshape(-1)[: len(samples)] = samples
        self._readers: list[ReplayReader] = []
        self._furthest = 0
        self._moved = asyncio.Event()
        self.ended = asyncio.Event()
        """Set when a reader has asked for more than there is."""

    async def listen(self, *, from_sample: int | None = None) -> ReplayReader:
        position = self._furthest if from_sample is None else max(0, from_sample) // FRAME_SAMPLES
        reader = ReplayReader(self, position)
        self._readers.append(reader)
        return reader

    async def take(self, reader: ReplayReader) -> Frame | None:
        """The reader's next frame as soon as the others are near; None at the end or after `leave`."""
        while reader in self._readers and reader.position - min(each.position for each in self._readers) > AHEAD:
            self._moved.clear()
            await self._moved.wait()
        if reader not in self._readers:
            return None
        if reader.position >= len(self._frames):
            self.leave(reader)
            self.ended.set()
            return None
        frame = Frame(index=reader.position, samples=self._frames[reader.position])
        reader.position += 1
        self._furthest = max(self._furthest, reader.position)
        self._moved.set()
        await asyncio.sleep(0)
        return frame

    def leave(self, reader: ReplayReader) -> None:
        """A reader is done; nobody waits for it any more."""
        if reader in self._readers:
            self._readers.remove(reader)
            self._moved.set()

    def forget(self) -> None:
        """Overwrite the sound."""
        self._frames[:] = 0
        for reader in tuple(self._readers):
            self.leave(reader)
