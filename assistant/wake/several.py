"""Several detectors as one: each hears all of the sound and knows words of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from assistant.audio.frame import Samples
from assistant.wake.custom.embedding import SpeechEmbedder
from assistant.wake.custom.engine import CustomWakeEngine
from assistant.wake.custom.word import TrainedWord, WordStore
from assistant.wake.engine import Detection, Peak, WakeEngine
from assistant.wake.microwakeword_engine import MicroWakeWordEngine


class Both(WakeEngine, Protocol):
    """What can be a first stage and can decide alone."""

    @property
    def thresholds(self) -> Mapping[str, float]: ...
    def peaks(self, samples: Samples) -> list[Peak]: ...


class SeveralEngines:
    """Detectors behind `WakeEngine` and as a first stage; `order` is that of the words in the configuration."""

    def __init__(self, engines: Sequence[Both], order: Sequence[str] = ()) -> None:
        self._engines = tuple(engines)
        known = [word for engine in engines for word in engine.words]
        self.words = tuple(sorted(known, key=lambda word: order.index(word) if word in order else len(order)))

    def start(self) -> None:
        """Load the models. Raises ModelError."""
        for engine in self._engines:
            engine.start()

    @property
    def thresholds(self) -> Mapping[str, float]:
        """The score that each word needs alone."""
        return {word: score for engine in self._engines for word, score in engine.thresholds.items()}

    def process(self, samples: Samples) -> list[Detection]:
        """Take the next samples. The best score comes first."""
        found = [each for engine in self._engines for each in engine.process(samples)]
        return sorted(found, key=lambda detection: -detection.score)

    def peaks(self, samples: Samples) -> list[Peak]:
        """Take the next samples; the best score of every word."""
        return [peak for engine in self._engines for peak in engine.peaks(samples)]

    def speaking(self, on: bool) -> None:
        for engine in self._engines:
            engine.speaking(on)

    def tune(self, sensitivity: float) -> None:
        for engine in self._engines:
            engine.tune(sensitivity)

    def reset(self) -> None:
        for engine in self._engines:
            engine.reset()

    def rest(self) -> None:
        for engine in self._engines:
            engine.rest()

    def revise(self) -> bool:
        revised = [engine.revise() for engine in self._engines]
        return any(revised)

    def close(self) -> None:
        for engine in self._engines:
            engine.close()


def first_stage(
    names: Sequence[str],
    trained: Sequence[TrainedWord],
    *,
    thresholds: Mapping[str, float],
    sensitivity: float,
    refractory_seconds: float,
    known: Sequence[str] = (),
    order: Sequence[str] = (),
    store: WordStore | None = None,
) -> Both:
    """What hears all of these words: the built-in ones by `names`, and trained ones. `known` are those that could be
    asked for beside the built-in ones; `store` is where the trained ones come from."""
    engines: list[Both] = []
    own = {word.name for word in trained}
    if names or not trained:
        fixed = {name: score for name, score in thresholds.items() if name not in own}
        engines.append(
            MicroWakeWordEngine(
                names, thresholds=fixed, sensitivity=sensitivity, refractory_seconds=refractory_seconds, others=known
            )
        )
    if trained:
        fixed = {name: score for name, score in thresholds.items() if name in own}
        engines.append(
            CustomWakeEngine(
                trained, SpeechEmbedder(), thresholds=fixed, sensitivity=sensitivity,
                refractory_seconds=refractory_seconds, store=store,
            )
        )  # fmt: skip
    return engines[0] if len(engines) == 1 else SeveralEngines(engines, order)
