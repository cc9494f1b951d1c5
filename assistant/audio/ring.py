"""The last seconds of sound, in memory allocated once and overwritten for ever. Nothing else keeps sound."""

from __future__ import annotations

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, Samples

RING_FRAMES = 40
"""3.2 s: a wake word, what led up to it, and the time it takes to notice it."""


class Ring:
    """Mono int16 samples, addressed by the number they have in the whole stream. Not thread-safe."""

    def __init__(self, capacity: int = RING_FRAMES * FRAME_SAMPLES) -> None:
        self._data: Samples = np.zeros(capacity, dtype=np.int16)
        self._oldest = 0
        self._end = 0

    @property
    def capacity(self) -> int:
        """Samples it can hold."""
        return len(self._data)

    @property
    def oldest(self) -> int:
        """Number of the first sample that can still be read; equals `end` when there is none."""
        return self._oldest

    @property
    def end(self) -> int:
        """Number that the next sample will have."""
        return self._end

    def append(self, samples: Samples) -> None:
        """Take samples, shape (n,), over the oldest ones."""
        kept = samples[-self.capacity :]
        at = (self._end + len(samples) - len(kept)) % self.capacity
        first = min(len(kept), self.capacity - at)
        self._data[at : at + first] = kept[:first]
        self._data[: len(kept) - first] = kept[first:]
        self._end += len(samples)
        self._oldest = max(self._oldest, self._end - self.capacity)

    def read(self, start: int, count: int) -> Samples:
        """A copy of samples `start` to `start + count`. Raises ValueError when they are not all here."""
        if start < self._oldest or count < 0 or start + count > self._end:
            raise ValueError(f"samples {start}+{count} are not in {self._oldest}..{self._end}")
        at = start % self.capacity
        first = min(count, self.capacity - at)
        return np.concatenate((self._data[at : at + first], self._data[: count - first]))

    def forget(self, *, skip: int = 0) -> None:
        """Overwrite everything with zeros. Numbering goes on, with `skip` numbers left out."""
        self._data.fill(0)
        self._end += skip
        self._oldest = self._end
