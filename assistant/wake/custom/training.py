"""Train the head of one word and find its thresholds, on what it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from assistant.audio.frame import FRAME_SECONDS
from assistant.wake.custom.bank import Bank, Clip
from assistant.wake.custom.embedding import Floats
from assistant.wake.custom.head import Head, fit, windows
from assistant.wake.custom.material import TRIED, Example, Material, Near, Progress, stack
from assistant.wake.custom.word import Score

SUSPECTED_PER_HOUR = 200.0
"""First stage: so often other speech without a pause may be suspected, which the second stage then hears. It costs
about 0.1 CPU s each time, 0.6 % of a core."""
ACCEPTED_PER_HOUR = 2.0
"""Without a second stage."""
APART_FRAMES = 25
"""Two seconds: what wakes it twice within them counts once."""
TESTED = 4
"""One clip of the bank in so many is not learnt from."""
ENOUGH = 6
"""Events from which on a rate is counted; below, it is extended from where there are more."""


@dataclass(slots=True)
class Trained:
    """A head with its thresholds (logits), and how it did."""

    head: Head = field(repr=False)
    low: float
    alone: float
    lag: int
    score: Score


def train(
    material: Material, bank: Bank, random: np.random.Generator, *, progress: Progress, epochs: int = 20
) -> Trained:
    """About 5 CPU seconds on a desktop core. `bank` must be without the word itself."""
    tested = [clip for number, clip in enumerate(bank.clips) if number % TESTED == 0]
    learnt = [clip for number, clip in enumerate(bank.clips) if number % TESTED]
    half = len(material.near) // 2
    positive = stack([example.windows for example in (*material.trained, *material.own)])
    negative = stack([windows(clip.embeddings) for clip in learnt] + [near.windows for near in material.near[:half]])
    head = fit(positive, negative, random, epochs=epochs, progress=lambda done, of: progress("the head", done, of))
    rates = Rates(head, tested)
    low, alone = rates.threshold(SUSPECTED_PER_HOUR), rates.threshold(ACCEPTED_PER_HOUR)
    low = min(low, alone - 0.5)
    missed = best(head, material.held_out)
    return Trained(
        head=head,
        low=low,
        alone=alone,
        lag=_lag(head, material.held_out or material.trained),
        score=Score(
            missed=float(np.mean(missed < low)) if len(missed) else 1.0,
            missed_alone=float(np.mean(missed < alone)) if len(missed) else 1.0,
            suspected_per_hour=rates.per_hour(low),
            accepted_per_hour=rates.per_hour(alone),
            hours=rates.hours,
            rooms=f"noise {TRIED.snr[0]:g} to {TRIED.snr[1]:g} dB below the voice",
            voices=material.voices,
            held_out=len({example.voice for example in material.held_out}),
        ),
    )


def best(head: Head, examples: Sequence[Example]) -> Floats:
    """The highest logit of each."""
    return np.array([head.logits(each.windows).max(initial=-99.0) for each in examples], np.float32)


def suspected(trained: Trained, near: Sequence[Near]) -> list[Near]:
    """Those of what sounds alike that the first stage takes for the word, the surest first."""
    peaks = [float(trained.head.logits(each.windows).max(initial=-99.0)) for each in near]
    order = np.argsort(peaks)[::-1]
    return [near[int(at)] for at in order if peaks[int(at)] >= trained.low]


class Rates:
    """How often a head would wake in clips that do not hold its word."""

    def __init__(self, head: Head, clips: Sequence[Clip]) -> None:
        self._logits = [head.logits(windows(clip.embeddings)) for clip in clips]
        self.hours = max(1e-6, sum(len(clip.embeddings) for clip in clips) * FRAME_SECONDS / 3600)

    def count(self, threshold: float) -> int:
        """Events at this threshold."""
        found = 0
        for logits in self._logits:
            last = -APART_FRAMES
            for at in np.flatnonzero(logits >= threshold):
                if at - last >= APART_FRAMES:
                    found, last = found + 1, int(at)
        return found

    def per_hour(self, threshold: float) -> float:
        """Events an hour; where there are too few to count, by the slope of the logarithm where there are more."""
        events = self.count(threshold)
        if events >= ENOUGH:
            return events / self.hours
        steps = np.arange(threshold - 15, threshold, 0.25)
        counts = np.array([self.count(step) for step in steps])
        known = counts >= ENOUGH
        if not known.any():
            return events / self.hours
        near = np.flatnonzero(known)[-12:]
        if len(near) < 2 or counts[near[0]] == counts[near[-1]]:
            return float(counts[near[-1]] / self.hours)
        slope, level = np.polyfit(steps[near], np.log(counts[near] / self.hours), 1)
        return float(np.exp(level + min(0.0, slope) * threshold))

    def threshold(self, rate: float) -> float:
        """The lowest threshold, in steps of a quarter, at which it wakes at most `rate` times an hour."""
        highest = max((float(logits.max(initial=-20.0)) for logits in self._logits), default=0.0)
        steps = np.arange(-8.0, max(highest, 0.0) + 6.0, 0.25)
        low, high = 0, len(steps) - 1
        while low < high:
            middle = (low + high) // 2
            if self.per_hour(float(steps[middle])) <= rate:
                high = middle
            else:
                low = middle + 1
        return float(steps[low])


def _lag(head: Head, examples: Sequence[Example]) -> int:
    """Samples from the end of the word to the end of the frame that is surest of it: the median."""
    ends = [example.ends[int(head.logits(example.windows).argmax())] for example in examples if len(example.windows)]
    return int(np.median(ends)) if ends else 0
