"""When a score counts as a detection: what every engine that decides alone does with its scores."""

from __future__ import annotations

import math


class Trigger:
    """Reports a score at `threshold` or above once: not again for `refractory` samples, nor before it has fallen."""

    def __init__(self, threshold: float, refractory: int) -> None:
        self.threshold = threshold
        self._refractory = refractory
        self._deaf = 0
        self._armed = True

    def passes(self, samples: int) -> None:
        """So much sound went by."""
        self._deaf = max(0, self._deaf - samples)

    def decides(self, score: float) -> bool:
        """Whether with this score the word has just been heard."""
        if score < self.threshold:
            self._armed = True
        elif self._armed and not self._deaf:
            self._armed = False
            self._deaf = self._refractory
            return True
        return False

    def reset(self) -> None:
        """Forget what was reported."""
        self._deaf = 0
        self._armed = True


def shifted(threshold: float, sensitivity: float) -> float:
    """The threshold moved on the logistic scale, by nothing at a sensitivity of 0.5."""
    return logistic(logit(threshold) + 2.0 - 4.0 * sensitivity)


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-min(50.0, max(-50.0, value))))


def logit(share: float) -> float:
    return math.log(share / (1 - share))
