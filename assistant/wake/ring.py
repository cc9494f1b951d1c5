"""The last two seconds of sound, for a second opinion. One array, allocated once, cleared when done."""

from __future__ import annotations

import numpy as np

from assistant.audio.frame import Samples


class Ring:
    """Keeps the last `size` samples."""

    def __init__(self, size: int) -> None:
        # Twice as long as it keeps, so that the last samples lie in one piece and are moved only now and then.
        self._samples = np.zeros(2 * size, np.int16)
        self._size = size
        self._end = 0

    def append(self, samples: Samples) -> None:
        """Add sound of any length."""
        samples = samples[-self._size :]
        if self._end + len(samples) > len(self._samples):
            kept = self._size - len(samples)
            self._samples[:kept] = self._samples[self._end - kept : self._end]
            self._samples[kept:] = 0
            self._end = kept
        self._samples[self._end : self._end + len(samples)] = samples
        self._end += len(samples)

    def last(self, count: int) -> Samples:
        """A view of the last `count` samples, or of fewer if there are no more."""
        return self._samples[max(0, self._end - min(count, self._size)) : self._end]

    def clear(self) -> None:
        """Overwrite everything with zeros."""
        self._samples[: self._end] = 0
        self._end = 0
