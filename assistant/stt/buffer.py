"""One utterance in RAM: a preallocated array that is overwritten as soon as its sound has been used."""

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
