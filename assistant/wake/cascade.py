"""Two stages: a cheap detector that listens all the time and believes easily, and a judge who listens to it again.

A word that the detector hears very clearly counts at once. What it hears at all is judged, and judged again with the
following frames: at first the end of the word is still missing. So neither the detector's false alarms nor its
doubts in noise and after other speech decide alone.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from assistant.audio.frame import RATE, Samples
from assistant.errors import AssistantError
from assistant.wake.engine import Detection, Peak
from assistant.wake.judge import Judge
from assistant.wake.ring import Ring

WINDOW_SECONDS = 1.5
"""What is judged: the longest word, and little of what was said before it."""
TRIES = (0, 1, 3, 6)
"""Frames after the first suspicion at which is judged, as long as the answer is no. The judge is asked at most this
often for one suspicion, which bounds what it costs."""
EARLIER: Mapping[str, float] = MappingProxyType({"alexa": 0.15})
"""Seconds before the first suspicion at which the word is said to have ended. When a request follows in the same breath
the detector is late, and a rest of the word does less harm than a lost first word of the request. Not so for
"hey mycroft", whose rest ("croft") is taken for one."""
STRICTER = 3.0
"""How much surer (natural logarithm) the judge must be at the lowest sensitivity, and less sure at the highest."""
LOW: Mapping[str, float] = MappingProxyType({"alexa": 0.02, "okay_nabu": 0.85})
"""Scores from which on a word is suspected, at the middle sensitivity; 0.3 for the others. Directly after other speech
"alexa" may get no more than 0.03."""
FAINT = 0.1
"""Below this score the judge is asked from the second frame on only: half of these suspicions come to nothing. And what
those gave who listen since a short while counts from here on: less they give too often."""
FAINT_TRY = 1
FAINT_NEEDS = 2.5
"""How much surer (natural logarithm) the judge must be of so faint a suspicion. Undamaged recordings of "alexa" that
were suspected from so little reached 6.5, what was taken for it in ten hours of other speech at most 2."""
AGAIN = 3.0
"""How many times higher than when it was turned down a score must rise to be suspected again without a fall: the word
may follow directly on what sounded a little like it."""
SPREAD = 5.0
"""Times more at the lowest sensitivity, and less at the highest."""
SURE: Mapping[str, float] = MappingProxyType({"alexa": 0.97, "hey_mycroft": 1.01, "okay_nabu": 1.01})
"""Scores that need no judge. "Hey my friend" gets 1.0 as hey_mycroft and "Athena" 0.98 as okay_nabu, so these words
always need one; words not named here keep the threshold that they have without a judge."""

_log = logging.getLogger(__name__)


class Detector(Protocol):
    """The first stage."""

    words: tuple[str, ...]

    @property
    def thresholds(self) -> Mapping[str, float]: ...
    def start(self) -> None: ...
    def peaks(self, samples: Samples) -> list[Peak]: ...
    def tune(self, sensitivity: float) -> None: ...
    def reset(self) -> None: ...
    def rest(self) -> None: ...
    def revise(self) -> bool: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class _Suspicion:
    """One word: whether it is suspected, since when, and whether it may be."""

    frames: int = -1
    """Since it was suspected; -1 when it is not."""
    ago: int = 0
    """Samples since then."""
    best: float = 0.0
    """Score so far; after a yes of the judge his."""
    deaf: int = 0
    above: float = 0.0
    """What its score must exceed to be suspected, if it has not fallen since it was turned down or reported."""


class CascadeEngine:
    """A detector and a judge behind `WakeEngine`.

    `sensitivity` (0..1) shifts both stages. Words in `fixed` need that score of the detector and no judge; those in
    `doubted` always need the judge, if he knows them. For
    `refractory_seconds` after a detection the same word is not reported again.
    """

    def __init__(
        self,
        detector: Detector,
        judge: Judge,
        *,
        sensitivity: float = 0.5,
        fixed: Mapping[str, float] | None = None,
        doubted: Collection[str] = (),
        refractory_seconds: float = 2.0,
    ) -> None:
        self.words = detector.words
        self._doubted = frozenset(doubted)
        self._detector = detector
        self._judge = judge
        self._fixed = dict(fixed or {})
        self._set(sensitivity)
        self._refractory = int(refractory_seconds * RATE)
        self._ring = Ring(int(WINDOW_SECONDS * RATE))
        self._words = {word: _Suspicion() for word in self.words}
        self._speaking = False
        self._broken = False

    def start(self) -> None:
        """Load the models. Raises ModelError."""
        self._detector.start()
        if any(self._judged(word) for word in self.words):
            self._judge.start()

    def process(self, samples: Samples) -> list[Detection]:
        """Take the next samples, shape (n,). The best score comes first."""
        self._ring.append(samples)
        found = []
        for peak in self._detector.peaks(samples):
            state = self._words[peak.word]
            state.deaf = max(0, state.deaf - len(samples))
            state.ago += len(samples)
            if self._decide(peak, state):
                ago = state.ago + int(EARLIER.get(peak.word, 0.0) * RATE)
                found.append(Detection(word=peak.word, score=state.best, ago=ago))
                self._words[peak.word] = _Suspicion(deaf=self._refractory, above=math.inf)
        return sorted(found, key=lambda detection: -detection.score)

    def speaking(self, on: bool) -> None:
        """While the assistant speaks nothing counts unjudged: the microphone hears the loudspeaker too."""
        self._speaking = on

    def tune(self, sensitivity: float) -> None:
        """Move both stages."""
        self._detector.tune(sensitivity)
        self._set(sensitivity)

    def reset(self) -> None:
        """Forget all sound heard so far, and any refractory time."""
        self._detector.reset()
        self._ring.clear()
        self._words = {word: _Suspicion() for word in self.words}

    def rest(self) -> None:
        """Overwrite what was kept for the judge, and what the detector keeps."""
        self._ring.clear()
        self._detector.rest()

    def revise(self) -> bool:
        """The judge knows nothing that was learnt from takes."""
        return self._detector.revise()

    def close(self) -> None:
        """Free the models; the sound is overwritten."""
        self._ring.clear()
        self._detector.close()
        self._judge.close()

    def _set(self, sensitivity: float) -> None:
        factor = SPREAD ** (1.0 - 2.0 * sensitivity)
        self._low = {word: min(0.9, LOW.get(word, 0.3) * factor) for word in self.words}
        self._needed = STRICTER * (1.0 - 2.0 * sensitivity)

    def _judged(self, word: str) -> bool:
        return word not in self._fixed and not self._broken and self._judge.knows(word)

    def _decide(self, peak: Peak, state: _Suspicion) -> bool:
        """Whether the word counts now."""
        plain = self._detector.thresholds[peak.word]
        judged = self._judged(peak.word)
        low = self._low[peak.word] if judged else plain
        score = max(peak.score, peak.afresh) if judged and peak.afresh >= FAINT else peak.score
        if score < low and state.frames < 0:
            state.above = 0.0
            return False
        if state.deaf or (state.frames < 0 and score < state.above):
            return False
        state.frames += 1
        state.best = max(state.best, score)
        if state.frames == 0:
            state.ago = peak.ago
        sure = (math.inf if peak.word in self._doubted else SURE.get(peak.word, plain)) if judged else plain
        if peak.score >= sure and not (judged and self._speaking):
            return True
        due = state.frames in TRIES and (state.best >= FAINT or state.frames >= FAINT_TRY)
        said = judged and due and self._said(state, peak.word, plain)
        if state.frames >= TRIES[-1] and not said:
            # Not again before the score has fallen, or risen far above this.
            state.above = 0.0 if score < low else min(1.0, AGAIN * state.best)
            state.frames, state.best = -1, 0.0
        return said

    def _said(self, state: _Suspicion, word: str, plain: float) -> bool:
        """What the judge says. One who fails is not asked again; the detector then decides alone."""
        try:
            margin = self._judge.judge(word, self._ring.last(int(WINDOW_SECONDS * RATE))) - self._needed
        except AssistantError as error:
            self._broken = True
            _log.warning("wake words are taken without a second opinion from now on: %s", error)
            return state.best >= plain
        if margin < (FAINT_NEEDS if state.best < FAINT else 0.0):
            return False
        state.best = max(state.best, 1 / (1 + math.exp(-margin)))
        return True
