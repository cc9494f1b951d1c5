"""A recogniser that hears what the test wrote down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from assistant.audio.frame import Samples
from assistant.errors import EngineError
from assistant.grammar.sentences import SkillSentences
from assistant.stt.engine import Hypothesis, Meaning, Outlook
from assistant.stt.expected import ANYTHING, Expected


class FakeSttEngine:
    """Says the given texts in turn, one for every utterance that is not silent; the last one for ever."""

    name = "fake"

    def __init__(self, *texts: str, language: str = "en", fail: bool = False) -> None:
        self.language = language
        self.fail = fail
        self.utterances = 0
        self.left = 0
        """Samples still held; zero after `finish`."""
        self.learned: tuple[str, ...] = ()
        """Skills whose sentences it was given last."""
        self.next_outlook: Outlook = "unknown"
        self.meaning: Meaning | None = None
        self.confidence = 0.9
        self.expected = ANYTHING
        """What was expected last."""
        self.next_glance: Outlook | None = None
        """As the outlook before if None."""
        self.looks = 0
        """How often it was asked for an outlook."""
        self.glances = 0
        self._texts = list(texts) or [""]
        self._loud = False
        self._started = False
        self._partial = ""

    def start(self) -> None:
        self._started = True

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        self.learned = tuple(sentences.skill for sentences in skills)

    def begin(self, *, wake_word: str = "", expected: Expected = ANYTHING) -> None:
        self.expected = expected
        self.left = 0
        self._loud = False
        self._partial = ""

    def accept(self, samples: Samples) -> str | None:
        self.left += len(samples)
        self._loud = self._loud or bool(len(samples) and np.abs(samples.astype(np.int32)).max() > 100)
        partial = self._texts[0].split(" ")[0] if self._loud else ""
        if partial == self._partial:
            return None
        self._partial = partial
        return partial

    def outlook(self) -> Outlook:
        self.looks += 1
        return self.next_outlook

    def glance(self) -> Outlook:
        self.glances += 1
        return self.next_glance or self.next_outlook

    def finish(self, *, settled: bool = False) -> Hypothesis:
        if not self._started or self.fail:
            raise EngineError("the fake recogniser was told to fail", where="stt.fake")
        self.left = 0
        if not self._loud:
            return Hypothesis(text="", confidence=0.0, language=self.language)
        self.utterances += 1
        text = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
        return Hypothesis(
            text=text, confidence=self.confidence if text else 0.0, language=self.language, meaning=self.meaning
        )

    def close(self) -> None:
        self._started = False
        self.left = 0


def speak(seconds: Iterable[tuple[float, bool]], *, seed: int = 0) -> Samples:
    """Sound for the endpointer: stretches of (seconds, voiced), in a quiet room. Voiced is a gliding buzz of 140 Hz."""
    rng = np.random.default_rng(seed)
    parts = []
    for length, voiced in seconds:
        count = int(length * 16_000)
        time = np.arange(count) / 16_000
        sound = rng.normal(0, 8, count)
        if voiced:
            phase = 2 * np.pi * (140 * time + 3 * np.sin(2 * np.pi * 3 * time))
            beat = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)
            sound += 6_000 * beat * sum(np.sin(k * phase) / k for k in range(1, 20)) / 3
        parts.append(sound)
    result: Samples = np.concatenate(parts).clip(-32_768, 32_767).astype(np.int16)
    return result
