"""Trained wake words: one embedding a frame for all of them together, and a small head for each."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.errors import ModelError
from assistant.wake.custom.embedding import Embedder, Floats
from assistant.wake.custom.head import HIDDEN, INPUT, LOOK, Head
from assistant.wake.custom.word import TrainedWord, WordStore
from assistant.wake.engine import Detection, Peak
from assistant.wake.trigger import Trigger, logistic, logit, shifted

SUSPECTED, ALONE = 0.3, 0.8
"""Scores that a word's two thresholds are told as: what a cascade suspects by default, and what counts alone."""
_log = logging.getLogger(__name__)
_WARM = 10
"""Frames of silence after a reset."""


class CustomWakeEngine:
    """Trained words behind `WakeEngine`, and a first stage of `CascadeEngine`.

    `thresholds` maps a word to the score (0..1) it needs; `sensitivity` (0..1) shifts that of the others. For
    `refractory_seconds` after a detection the same word is not reported again.
    """

    def __init__(
        self,
        words: Sequence[TrainedWord],
        embedder: Embedder,
        *,
        thresholds: Mapping[str, float] | None = None,
        sensitivity: float = 0.5,
        refractory_seconds: float = 2.0,
        store: WordStore | None = None,
    ) -> None:
        """`store` is where the words come from, and tells what may not be known any more."""
        self.words = tuple(word.name for word in words)
        self._trained = list(words)
        self._store = store
        self._embedder = embedder
        self._wanted = dict(thresholds or {})
        self._triggers = {name: Trigger(ALONE, int(refractory_seconds * RATE)) for name in self.words}
        self._last: deque[Floats] = deque(maxlen=LOOK)
        self._running = False
        self.tune(sensitivity)

    def start(self) -> None:
        """Load the models. Raises ModelError."""
        if not self._trained:
            raise ModelError("no wake word is chosen", where="wake.words")
        self._embedder.start()
        self._running = True
        self.reset()

    @property
    def thresholds(self) -> Mapping[str, float]:
        """The score that each word needs alone."""
        return {name: trigger.threshold for name, trigger in self._triggers.items()}

    def process(self, samples: Samples) -> list[Detection]:
        """Take the next FRAME_SAMPLES samples. The best score comes first. Costs 1.9 % of a core while sound comes."""
        found = []
        for peak in self.peaks(samples):
            trigger = self._triggers[peak.word]
            trigger.passes(len(samples))
            if trigger.decides(peak.score):
                found.append(Detection(word=peak.word, score=peak.score, ago=peak.ago))
        return sorted(found, key=lambda detection: -detection.score)

    def peaks(self, samples: Samples) -> list[Peak]:
        """Take the next samples; the score of every word, whatever its threshold."""
        if not self._running:
            raise RuntimeError("start() comes before process()")
        self._last.append(self._embedder.next(samples))
        window = np.concatenate(list(self._last))[None]
        return [Peak(word.name, _told(word, float(word.head.logits(window)[0])), word.lag) for word in self._trained]

    def speaking(self, on: bool) -> None:
        """Makes no difference to this engine."""

    def tune(self, sensitivity: float) -> None:
        """Move the thresholds that are not fixed."""
        for name, trigger in self._triggers.items():
            trigger.threshold = self._wanted.get(name, shifted(ALONE, sensitivity))

    def reset(self) -> None:
        """Forget all sound heard so far, and any refractory time."""
        for trigger in self._triggers.values():
            trigger.reset()
        if self._running:
            self.rest()

    def rest(self) -> None:
        """Overwrite the last second of sound and what it became; what comes next follows on silence."""
        self._embedder.reset()
        for each in self._last:
            each[:] = 0
        for _ in range(_WARM):
            self._last.append(self._embedder.next(np.zeros(FRAME_SAMPLES, np.int16)))

    def revise(self) -> bool:
        """A word whose version that knows somebody's voice was destroyed goes on as synthetic voices taught it."""
        dropped = False
        for number, word in enumerate(self._trained):
            if word.takes and self._store is not None and not self._store.knows_voice(word.name):
                self._trained[number] = _plain(word, self._store)
                word.head.wipe()
                dropped = True
        return dropped

    def close(self) -> None:
        """Free the models."""
        self._embedder.close()
        self._last.clear()
        self._running = False


def _plain(word: TrainedWord, store: WordStore) -> TrainedWord:
    """The version without takes; where it cannot be read, one that hears nothing."""
    try:
        return store.load(word.name, own=False)
    except ModelError as error:
        _log.warning("%s is not listened for any more: %s", word.name, error)
        none = np.zeros(HIDDEN, np.float32)
        deaf = Head(np.zeros((INPUT, HIDDEN), np.float32), none, none, offset=-100.0)
        return replace(word, head=deaf, low=0.0, alone=1.0, takes=0)


def _told(word: TrainedWord, value: float) -> float:
    """A logit as a score: the word's thresholds become `SUSPECTED` and `ALONE`."""
    slope = (logit(ALONE) - logit(SUSPECTED)) / max(0.1, word.alone - word.low)
    return logistic(logit(SUSPECTED) + slope * (value - word.low))
