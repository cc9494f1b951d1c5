"""Recordings in place of the microphone, in their own time: nothing is lost however slow or fast the readers are.

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
GAP = 1
"""Frames left out between two recordings, so that readers notice that the sound does not go on."""


class ReplayReader:
    """One reader's place in the recordings. With `ends` it stops at the end of the present one, else waits for more."""

    def __init__(self, replay: Replay, position: int, *, ends: bool) -> None:
        self._replay = replay
        self.position = position
        """Number of the next frame."""
        self.ends = ends

    async def __aiter__(self) -> AsyncIterator[Frame]:
        while (frame := await self._replay.take(self)) is not None:
            yield frame

    async def close(self) -> None:
        self._replay.leave(self)


class Replay:
    """Implements `ports.Microphone` over one recording after another (16 kHz mono int16, shape (n,))."""

    def __init__(self) -> None:
        self._frames = np.zeros((0, FRAME_SAMPLES), dtype=np.int16)
        self._base = 0
        self._readers: list[ReplayReader] = []
        self._furthest = 0
        self._moved = asyncio.Event()
        self.idle = asyncio.Event()
        """Set while a reader waits for the next recording."""

    def feed(self, samples: Samples) -> int:
        """The next recording, in place of the last, which is overwritten. Returns the number of its first sample."""
        self._frames[:] = 0
        self._base += len(self._frames) + (GAP if len(self._frames) else 0)
        self._frames = np.zeros((-(-len(samples) // FRAME_SAMPLES), FRAME_SAMPLES), dtype=np.int16)
        self._frames.reshape(-1)[: len(samples)] = samples
        self._furthest = self._base
        for reader in tuple(self._readers):
            if reader.ends:
                self.leave(reader)
            reader.position = self._base
        self.idle.clear()
        self._moved.set()
        return self._base * FRAME_SAMPLES

    async def listen(self, *, from_sample: int | None = None) -> ReplayReader:
        ends = from_sample is not None
        wanted = self._furthest if from_sample is None else from_sample // FRAME_SAMPLES
        reader = ReplayReader(self, max(self._base, wanted), ends=ends)
        self._readers.append(reader)
        return reader

    async def take(self, reader: ReplayReader) -> Frame | None:
        """The reader's next frame as soon as the others are near; None at its end or after `leave`."""
        while reader in self._readers and (self._too_far(reader) or (self._at_end(reader) and not reader.ends)):
            if self._at_end(reader):
                self.idle.set()
            self._moved.clear()
            await self._moved.wait()
        if reader not in self._readers or self._at_end(reader):
            self.leave(reader)
            return None
        frame = Frame(index=reader.position, samples=self._frames[reader.position - self._base].copy())
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

    def _at_end(self, reader: ReplayReader) -> bool:
        return reader.position >= self._base + len(self._frames)

    def _too_far(self, reader: ReplayReader) -> bool:
        return reader.position - min(each.position for each in self._readers) > AHEAD
