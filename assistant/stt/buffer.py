"""Sound in RAM: preallocated arrays that are overwritten as soon as their sound has been used."""

from __future__ import annotations

import numpy as np

from assistant.audio.frame import RATE, Samples

MAX_SECONDS = 30.0
"""Longest utterance that any engine takes; what comes after is left out."""


class UtteranceBuffer:
    """Samples of one utterance, at most `seconds` long. Nothing is allocated while a person speaks."""

    def __init__(self, seconds: float = MAX_SECONDS) -> None:
        self._samples = np.zeros(int(seconds * RATE), np.int16)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def append(self, samples: Samples) -> None:
        """Add what still fits."""
        taken = samples[: len(self._samples) - self._used]
        self._samples[self._used : self._used + len(taken)] = taken
        self._used += len(taken)

    def view(self) -> Samples:
        """The samples so far, shape (n,); valid until `clear`."""
        return self._samples[: self._used]

    def clear(self) -> None:
        """Overwrite everything with zeros."""
        self._samples[: self._used] = 0
        self._used = 0


class SessionBuffer:
    """The last `seconds` of one session. Samples are counted from its beginning, also those that are gone."""

    def __init__(self, seconds: float = MAX_SECONDS) -> None:
        self._samples = np.zeros(int(seconds * RATE), np.int16)
        self.start = 0
        """The first sample that is still there."""
        self.end = 0
        """Behind the last one."""

    def append(self, samples: Samples) -> None:
        """Add sound; when it is full, at least a quarter goes, the oldest."""
        size = len(self._samples)
        samples = samples[-size:]
        if self.end - self.start + len(samples) > size:
            self._drop(min(self.end - self.start, max(len(samples), size // 4)))
        used = self.end - self.start
        self._samples[used : used + len(samples)] = samples
        self.end += len(samples)

    def part(self, start: int, end: int) -> Samples:
        """The samples from `start` to `end` as far as they are there, shape (n,); valid until the next `append`."""
        first = max(start, self.start) - self.start
        return self._samples[first : max(first, min(end, self.end) - self.start)]

    def clear(self) -> None:
        """Overwrite everything with zeros."""
        self._drop(self.end - self.start)

    def _drop(self, count: int) -> None:
        used = self.end - self.start
        self._samples[: used - count] = self._samples[count:used].copy()
        self._samples[used - count : used] = 0
        self.start += count
