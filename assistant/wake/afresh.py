"""Networks that begin to listen at a pause, so that what was said before it is not in their memory.

A streaming network remembers about a second. "alexa" right after other speech gets scores from it as if nothing had
been said, while one that has just begun to listen hears it clearly. So at every short pause in speech one of a few
further networks of the same word begins anew. Who listens to them must ask for more proof than a high score: they wake
more easily. In silence and steady noise none of them works, and none is in memory: what sounded leaves nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

EACH = 3
"""Networks of each word: one that began before the word still listens when the pauses of "k" or "t" start others."""
LISTEN = 110
"""Slices of 10 ms that one listens for: a short pause and the longest word."""
APART = 30
"""Slices between two beginnings at least. Half a second of other speech does little harm."""
PAUSE = 3
"""Slices of silence that make a pause."""
SILENT = 0.1
"""Share of the loudness of what was said lately below which a slice is silent."""
SPOKEN = 2.0
"""Loudness from which on something was said: mean of the filter bank's 40 channels, which has the noise taken off it.
Half the slices of kitchen noise stay below 0.2, 99 of 100 below 1.5; speech reaches 10 to 23 in every level."""
FADE = 0.99
"""Of the loudness is left a slice later: half of it after 0.7 s."""


class Network(Protocol):
    """A streaming network."""

    stride: int
    """Slices for one inference."""

    def process_streaming_prob(self, features: np.ndarray) -> float | None: ...
    def reset(self) -> None:
        """Load it, as if nothing had been heard."""
        ...

    def close(self) -> None:
        """Free it. It may be loaded again."""
        ...


class Pauses:
    """Hears the loudness of slices; says where a pause in speech has lasted for `PAUSE` of them."""

    def __init__(self) -> None:
        self._level = 0.0
        self._silent = 0

    def begins(self, loudness: float) -> bool:
        """Take the next slice."""
        self._level = max(loudness, FADE * self._level)
        self._silent = self._silent + 1 if loudness < SILENT * self._level else 0
        return self._silent == PAUSE and self._level > SPOKEN


class Afresh:
    """`EACH` networks for every word, in the order in which they began."""

    def __init__(self, networks: Mapping[str, Sequence[Network]]) -> None:
        self._networks = networks
        self._pauses = Pauses()
        self._ages: list[int] = []
        self.reset()

    def hear(self, slices: Sequence[np.ndarray]) -> Iterator[tuple[int, str, float]]:
        """Take slices of the filter bank; the number of the slice, the word and its score, as often as there is one."""
        if not slices:
            return
        means = np.concatenate(slices, axis=1).mean(axis=(0, 2)).tolist()
        for number, (features, loudness) in enumerate(zip(slices, means, strict=True)):
            if self._pauses.begins(loudness) and min(self._ages) >= APART:
                self._begin(int(np.argmax(self._ages)))
            for which, age in enumerate(self._ages):
                self._ages[which] += 1
                if age < LISTEN:
                    for word, networks in self._networks.items():
                        score = networks[which].process_streaming_prob(features)
                        if score is not None and (age + 1) % networks[which].stride == 0:
                            yield number, word, float(score)
                elif age == LISTEN:
                    self._end(which)

    def reset(self) -> None:
        """Forget all sound and free the networks: none listens until the next pause."""
        self._pauses = Pauses()
        self._ages = [LISTEN + 1] * EACH
        for which in range(EACH):
            self._end(which)

    def _begin(self, which: int) -> None:
        for networks in self._networks.values():
            networks[which].reset()
        self._ages[which] = 0

    def _end(self, which: int) -> None:
        for networks in self._networks.values():
            networks[which].close()
