"""Moonshine behind the protocol of the room: free text by greedy decoding."""

from __future__ import annotations

import numpy as np

from assistant.audio.frame import Samples
from assistant.errors import EngineError
from assistant.stt import guard
from assistant.stt.buffer import UtteranceBuffer
from assistant.stt.engine import Hypothesis
from assistant.stt.memory import release_memory
from assistant.stt.moonshine_model import Heard, MoonshineModel, find_model, log_softmax
from assistant.stt.tokenizer import EOS

_NOTHING = Hypothesis(text="", confidence=0.0, language="en")


class MoonshineEngine:
    """English. Decodes once, when the utterance is over: about 0.02 CPU seconds per second of sound (x86-64)."""

    name = "moonshine"
    language = "en"

    def __init__(self, *, model: str = "", threads: int = 1) -> None:
        """`model` is a folder with the model files; empty takes those of the installed package."""
        self._folder = model
        self._threads = threads
        self._model: MoonshineModel | None = None
        self._sound = UtteranceBuffer()

    def start(self) -> None:
        """Load the model. Raises ModelError."""
        if self._model is None:
            self._model = MoonshineModel(find_model(self._folder), threads=self._threads)

    def begin(self) -> None:
        """A new utterance."""
        self._sound.clear()

    def accept(self, samples: Samples) -> str | None:
        """Take more sound. This engine has no partial text."""
        self._sound.append(samples)
        return None

    def finish(self) -> Hypothesis:
        """Decode what was heard. Raises EngineError."""
        if self._model is None:
            raise EngineError("the recogniser was not started", where="stt.moonshine")
        try:
            sound = self._sound.view()
            if guard.is_silent(sound):
                return _NOTHING
            return self._free_text(self._model, sound)
        finally:
            self._sound.clear()
            release_memory()

    def close(self) -> None:
        """Free the model."""
        self._sound.clear()
        self._model = None
        release_memory()

    def _free_text(self, model: MoonshineModel, sound: Samples) -> Hypothesis:
        tokens, mean = greedy(model, model.encode(sound), guard.token_limit(len(sound)))
        text = model.tokenizer.decode(tokens)
        if guard.loops(tokens) or guard.is_invented(text, mean, guard.loudness_range(sound)):
            return _NOTHING
        return Hypothesis(text=text, confidence=float(np.exp(min(mean, 0.0))), language=self.language)


def greedy(model: MoonshineModel, heard: Heard, limit: int) -> tuple[list[int], float]:
    """The most likely token at every step, at most `limit`; and the mean log-probability of a token (EOS
    included)."""
    tokens: list[int] = []
    total = 0.0
    heard, logits, cache = model.begin(heard)
    while True:
        scores = log_softmax(logits)[0]
        token = int(scores.argmax())
        total += float(scores[token])
        if token == EOS or len(tokens) >= limit or guard.loops(tokens):
            return tokens, total / (len(tokens) + 1)
        tokens.append(token)
        logits, cache = model.step(heard, np.array([token], np.int64), cache)
