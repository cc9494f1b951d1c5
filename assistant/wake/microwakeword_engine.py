"""Wake words by microWakeWord: small streaming networks, run by the TensorFlow Lite inside `pymicro-wakeword`.

Method (https://github.com/kahrendt/microWakeWord): a 40-channel filter bank every 10 ms, one inference for every
three of them, and as score the mean of the last five outputs. All words share the filter bank.

The filter bank adapts to the level of the background and the networks carry state, so neither may start cold. After
`start` and `reset` they are primed with silence instead of being deaf for a while: a word right after it is heard. That
is also how they forget what they heard. Loading a network again in the middle of what is said would give it memory that
still holds sound, and it does not write over all of it; TfLiteInterpreterResetVariableTensors does not reach the state.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from assistant.audio.frame import RATE, Samples
from assistant.errors import ModelError
from assistant.wake.afresh import EACH, Afresh
from assistant.wake.engine import Detection, Peak
from assistant.wake.trigger import Trigger, shifted

if TYPE_CHECKING:
    from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures

STEP_SAMPLES = 160
"""One filter-bank slice: 10 ms."""
PRIME_SAMPLES = RATE * 3 // 2
"""Silence given after a reset: more than any network remembers (1.35 s by "hey_mycroft", 0.9 s by "okay_nabu", 0.3 s by
"alexa", all measured)."""

_SILENT = np.zeros((1, 1, 40), dtype=np.float32)

THRESHOLDS: Mapping[str, float] = MappingProxyType({"alexa": 0.8})
"""Measured defaults; other words keep the cutoff that their model was published with. `scripts/bench_wake.py`
measures: of 75 recordings of "alexa", 73 score above 0.9 and the other two, which are damaged, below 0.35."""


LAGS: Mapping[str, float] = MappingProxyType(
    {"alexa": 0.16, "hey_mycroft": 0.06, "hey_jarvis": 0.15, "okay_nabu": 0.17}
)
"""Seconds from the end of a word to the slice that reports it: medians over the bundled voice at seven speeds; for
"alexa" over the recordings. Single detections differ by 0.1 s either way."""


class MicroWakeWordEngine:
    """One or several microWakeWord models behind `WakeEngine`, and the first stage of `CascadeEngine`.

    `thresholds` maps a word to the score (0..1) it needs; `sensitivity` (0..1) shifts that of the others.
    For `refractory_seconds` after a detection the same word is not reported again, and not before its score has fallen
    below the threshold. `others` are words that some other engine knows: an error names them too.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        thresholds: Mapping[str, float] | None = None,
        sensitivity: float = 0.5,
        refractory_seconds: float = 2.0,
        others: Sequence[str] = (),
    ) -> None:
        self.words = tuple(dict.fromkeys(words))
        self._others = tuple(others)
        self._wanted = dict(thresholds or {})
        self._sensitivity = sensitivity
        self._refractory = int(refractory_seconds * RATE)
        self._features: MicroWakeWordFeatures | None = None
        self._detectors: list[_Detector] = []
        self._afresh = Afresh({})

    def start(self) -> None:
        """Load the models (a few ms). Raises ModelError for a word that no model knows."""
        from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

        known = tuple(sorted(model.value for model in Model))
        for word in (*self.words, *self._wanted):
            if word not in (*known, *self._others):
                raise _unknown(word, (*known, *self._others))
        if not self.words:
            raise ModelError("no wake word is chosen", where="wake.words", hint=f"Choose from {', '.join(known)}")
        self.close()
        others: dict[str, list[_Passing]] = {}
        for word in self.words:
            try:
                model, *more = [MicroWakeWord.from_builtin(Model(word)) for _ in range(1 + EACH)]
            except (OSError, ValueError, RuntimeError) as error:
                raise ModelError(
                    f"the model of this wake word cannot be loaded ({error})",
                    where=word,
                    hint="Install the package again: pip install --force-reinstall pymicro-wakeword",
                ) from error
            others[word] = [_Passing(each) for each in more]
            self._detectors.append(_Detector(word, model, self._threshold(word, model), self._refractory))
        self._features = MicroWakeWordFeatures()
        self._afresh = Afresh(others)
        self._prime()

    @property
    def thresholds(self) -> dict[str, float]:
        """The score that each loaded word needs."""
        return {detector.word: detector.trigger.threshold for detector in self._detectors}

    def process(self, samples: Samples) -> list[Detection]:
        """Take the next samples, shape (n,). The best score comes first. Costs about 0.15 % of a core per word."""
        found: dict[str, Detection] = {}
        for ago, detector, score in self._scores(self._slices(samples)):
            if detector.trigger.decides(score):
                found[detector.word] = Detection(word=detector.word, score=score, ago=ago + detector.lag)
        return sorted(found.values(), key=lambda detection: -detection.score)

    def peaks(self, samples: Samples) -> list[Peak]:
        """Take the next samples; the best scores of every word, whatever its threshold. Costs up to three times as much
        as `process` while somebody speaks, for the networks that began to listen at a pause."""
        best = {detector.word: Peak(detector.word, 0.0, 0) for detector in self._detectors}
        slices = self._slices(samples)
        for ago, detector, score in self._scores(slices):
            if score > best[detector.word].score:
                best[detector.word] = Peak(detector.word, score, ago)
        for number, word, score in self._afresh.hear(slices):
            peak = best[word]
            if score > max(peak.score, peak.afresh):
                peak = peak._replace(ago=(len(slices) - number - 1) * STEP_SAMPLES)
            best[word] = peak._replace(afresh=max(score, peak.afresh))
        return list(best.values())

    def speaking(self, on: bool) -> None:
        """Makes no difference to this engine."""

    def tune(self, sensitivity: float) -> None:
        """Move the thresholds that are not fixed."""
        self._sensitivity = sensitivity
        for detector in self._detectors:
            detector.trigger.threshold = self._threshold(detector.word, detector.model)

    def reset(self) -> None:
        """Forget all sound heard so far, and any refractory time."""
        if self._features is None:
            return
        self._features.reset()
        for detector in self._detectors:
            detector.reset()
        self._afresh.reset()
        self._prime()

    def rest(self) -> None:
        """Free what began to listen at a pause. The other networks have heard nothing for longer than they remember."""
        self._afresh.reset()

    def revise(self) -> bool:
        """Nothing here was learnt from anybody."""
        return False

    def close(self) -> None:
        """Free the models."""
        for detector in self._detectors:
            detector.model.close()
        self._afresh.reset()
        self._detectors = []
        self._features = None

    def _threshold(self, word: str, model: MicroWakeWord) -> float:
        usual = THRESHOLDS.get(word, float(model.probability_cutoff))
        return self._wanted.get(word, shifted(usual, self._sensitivity))

    def _prime(self) -> None:
        for _ in self._scores(self._slices(np.zeros(PRIME_SAMPLES, dtype=np.int16))):
            pass

    def _slices(self, samples: Samples) -> list[np.ndarray]:
        """The filter bank's output, shape (1, 1, 40) for every 10 ms."""
        if self._features is None:
            raise RuntimeError("start() comes before process()")
        # In small pieces, whose copies are overwritten after the session like all small objects.
        return [
            features
            for at in range(0, len(samples), STEP_SAMPLES)
            for features in self._features.process_streaming(samples[at : at + STEP_SAMPLES].tobytes())
        ]

    def _scores(self, slices: Sequence[np.ndarray]) -> Iterator[tuple[int, _Detector, float]]:
        """Every score, and how many samples before the end of the last slice it was reached."""
        for number, features in enumerate(slices, 1):
            for detector in self._detectors:
                score = detector.hear(features)
                if score is not None:
                    yield (len(slices) - number) * STEP_SAMPLES, detector, score


class _Passing:
    """A network that is in memory for as long as it listens."""

    def __init__(self, model: MicroWakeWord) -> None:
        self._model = model
        self.stride: int = model.stride

    def process_streaming_prob(self, features: np.ndarray) -> float | None:
        return self._model.process_streaming_prob(features)

    def reset(self) -> None:
        # The library ends the process if the file is missing: the package may be removed while this runs.
        if Path(self._model.tflite_model).exists():
            self._model.reset()

    def close(self) -> None:
        self._model.close()


class _Detector:
    """One word: its network, its threshold, and whether it may speak up."""

    def __init__(self, word: str, model: MicroWakeWord, threshold: float, refractory: int) -> None:
        self.word = word
        self.model = model
        self.trigger = Trigger(threshold, refractory)
        self.lag = int(LAGS.get(word, 0.1) * RATE)
        self._slices = 0

    def hear(self, features: np.ndarray) -> float | None:
        """Take one slice; a score at every third."""
        score = self.model.process_streaming_prob(features)
        self.trigger.passes(STEP_SAMPLES)
        self._slices += 1
        if score is None or self._slices % self.model.stride:
            return None
        return float(score)

    def reset(self) -> None:
        """Begin with a whole stride; the network itself forgets by being primed."""
        while self._slices % self.model.stride:
            self.hear(_SILENT)
        self.trigger.reset()


def _unknown(word: str, known: Sequence[str]) -> ModelError:
    close = difflib.get_close_matches(word.lower().replace(" ", "_"), known, n=1, cutoff=0.5)
    guess = f"Did you mean {close[0]}? " if close else ""
    return ModelError(
        f"no wake word is called {word!r}",
        where="wake.words",
        hint=f"{guess}Known: {', '.join(known)}. Teach it another: assistant wake train",
    )
