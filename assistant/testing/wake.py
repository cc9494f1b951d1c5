"""A wake-word engine and a judge for tests: they know words by a mark in the sound; no model and no voice is needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.errors import ModelError
from assistant.wake.custom.embedding import SIZE, Floats
from assistant.wake.custom.head import HIDDEN, INPUT, Head
from assistant.wake.custom.word import Score, TrainedWord
from assistant.wake.engine import Detection

_MARK = 12_321
KNOWN = ("hey_mycroft", "alexa", "hey_jarvis", "okay_nabu")
_SOUNDS = (*KNOWN, "stop")


def wake_sound(word: str) -> Samples:
    """A frame of sound in which `FakeWakeEngine` or `FakeJudge` hears `word` (or "stop"), which ends with the frame."""
    samples = np.zeros(FRAME_SAMPLES, dtype=np.int16)
    samples[-2] = _MARK
    samples[-1] = _SOUNDS.index(word)
    return samples


class FakeWakeEngine:
    """Behaves as `WakeEngine` says; `resets`, `rests`, `revised` and `running` tell a test what happened to it."""

    def __init__(self, words: Sequence[str] = ("hey_mycroft",), *, refractory_seconds: float = 2.0) -> None:
        self.words = tuple(words)
        self.resets = 0
        self.rests = 0
        self.revised = 0
        self.running = False
        self.hears_itself = False
        self.sensitivity = 0.5
        self._refractory = int(refractory_seconds * RATE)
        self._deaf = dict.fromkeys(self.words, 0)

    def start(self) -> None:
        for word in self.words:
            if word not in KNOWN:
                raise ModelError(
                    f"no wake word is called {word!r}", where="wake.words", hint=f"Known: {', '.join(KNOWN)}"
                )
        self.running = True

    def process(self, samples: Samples) -> list[Detection]:
        for word in self.words:
            self._deaf[word] = max(0, self._deaf[word] - len(samples))
        places = np.flatnonzero(samples[:-1] == _MARK)
        if not places.size:
            return []
        word = _SOUNDS[int(samples[places[-1] + 1])]
        if word not in self.words or self._deaf[word]:
            return []
        self._deaf[word] = self._refractory
        return [Detection(word=word, score=0.99, ago=len(samples) - 2 - int(places[-1]))]

    def speaking(self, on: bool) -> None:
        self.hears_itself = on

    def tune(self, sensitivity: float) -> None:
        self.sensitivity = sensitivity

    def reset(self) -> None:
        self.resets += 1
        self._deaf = dict.fromkeys(self.words, 0)

    def rest(self) -> None:
        self.rests += 1

    def revise(self) -> bool:
        self.revised += 1
        return False

    def close(self) -> None:
        self.running = False


class FakeJudge:
    """Behaves as `Judge` says. It knows all words but "okay_nabu"; `asked` counts how often it was asked."""

    def __init__(self) -> None:
        self.running = False
        self.asked = 0

    def start(self) -> None:
        self.running = True

    def knows(self, word: str) -> bool:
        return word in KNOWN[:3]

    def judge(self, word: str, sound: Samples) -> float:
        self.asked += 1
        places = np.flatnonzero(sound[:-1] == _MARK)
        return 5.0 if places.size and _SOUNDS[int(sound[places[-1] + 1])] == word else -5.0

    def close(self) -> None:
        self.running = False


class FakeEmbedder:
    """Behaves as `Embedder` says, without a model: the loudness of 92 bands, and four numbers for `wake_sound`."""

    def __init__(self) -> None:
        self.running = False
        self._before = np.zeros(FRAME_SAMPLES, np.float32)

    def start(self) -> None:
        self.running = True

    def next(self, samples: Samples) -> Floats:
        if not self.running:
            raise RuntimeError("start() comes first")
        sound = np.concatenate([self._before, samples]).astype(np.float32)
        self._before = sound[-FRAME_SAMPLES:]
        power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
        bands = np.log10(1.0 + np.add.reduceat(power, np.arange(0, 12 * 92, 12)))
        found = np.zeros(SIZE, np.float32)
        found[:92] = bands - bands.mean()
        for place in np.flatnonzero(samples[:-1] == _MARK):
            if 0 <= samples[place + 1] < len(KNOWN):
                found[92 + int(samples[place + 1])] = 100.0
        return found

    def whole(self, samples: Samples, *, first: int = 0) -> Floats:
        self.reset()
        frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        found = np.array([self.next(frame) for frame in frames], np.float32).reshape(-1, SIZE)
        self.reset()
        return found[first:]

    def reset(self) -> None:
        self._before = np.zeros(FRAME_SAMPLES, np.float32)

    def close(self) -> None:
        self.running = False


def trained_word(word: str) -> TrainedWord:
    """A word that `FakeEmbedder` makes heard in `wake_sound(word)`."""
    into = np.zeros((INPUT, HIDDEN), np.float32)
    into[INPUT - SIZE + 92 + KNOWN.index(word), 0] = 0.1
    out = np.zeros(HIDDEN, np.float32)
    out[0] = 1.0
    score = Score(missed=0.0, missed_alone=0.0, suspected_per_hour=0.0, accepted_per_hour=0.0, hours=1.0)
    head = Head(into, np.zeros(HIDDEN, np.float32), out, -5.0)
    return TrainedWord(name=word, text=word.replace("_", " "), head=head, low=0.0, alone=3.0, lag=0, score=score)
