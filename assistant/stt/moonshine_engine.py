"""Moonshine behind the protocol of the room: along the skills' sentences where they fit, else free text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.audio.frame import Samples
from assistant.errors import EngineError
from assistant.grammar.sentences import SkillSentences
from assistant.stt import guard
from assistant.stt.buffer import UtteranceBuffer
from assistant.stt.engine import Hypothesis, Outlook
from assistant.stt.guided import Free, Guide, Start, start, start_after
from assistant.stt.memory import release_memory
from assistant.stt.moonshine_model import MoonshineModel, log_softmax
from assistant.stt.shared import SharedModel
from assistant.stt.tokenizer import EOS
from assistant.stt.wakeword import strip_wake_word

_NOTHING = Hypothesis(text="", confidence=0.0, language="en")


class MoonshineEngine:
    """English. Decodes when the person pauses or has finished."""

    name = "moonshine"
    language = "en"

    def __init__(self, *, model: str = "", threads: int = 1, shared: SharedModel | None = None) -> None:
        """`model` is a folder with the model files; empty takes those of the installed package. With `shared` both
        come from there."""
        self._shared = shared or SharedModel(model=model, threads=threads)
        self._model: MoonshineModel | None = None
        self._guide: Guide | None = None
        self._sound = UtteranceBuffer()
        self._wake_word = ""
        self._ready: tuple[Hypothesis, Outlook] | None = None

    def start(self) -> None:
        """Load the model. Raises ModelError."""
        if self._model is None:
            self._model = self._shared.get()

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """Compile the sentences; about 0.2 s for twenty skills. Raises SkillError, EngineError before `start`."""
        guide = Guide(self._loaded(), skills, self.language)
        self._guide = guide if guide.network.nets else None
        release_memory()

    def begin(self, *, wake_word: str = "") -> None:
        """A new utterance."""
        self._sound.clear()
        self._wake_word = wake_word
        self._ready = None

    def accept(self, samples: Samples) -> str | None:
        """Take more sound. This engine has no partial text."""
        self._sound.append(samples)
        return None

    def outlook(self) -> Outlook:
        """Decode what was said so far, and tell whether it could be all. Raises EngineError."""
        self._ready = self._decode(self._loaded())
        return self._ready[1]

    def finish(self, *, settled: bool = False) -> Hypothesis:
        """Decode what was heard. Raises EngineError."""
        model = self._loaded()
        try:
            ready = self._ready if settled else None
            return (ready or self._decode(model))[0]
        finally:
            self._ready = None
            self._sound.clear()
            release_memory()

    def close(self) -> None:
        """Free the model."""
        self.begin()
        self._model = None
        self._guide = None
        release_memory()

    def _loaded(self) -> MoonshineModel:
        if self._model is None:
            raise EngineError("the recogniser was not started", where="stt.moonshine")
        return self._model

    def _decode(self, model: MoonshineModel) -> tuple[Hypothesis, Outlook]:
        sound = self._sound.view()
        if guard.is_silent(sound):
            return _NOTHING, "unknown"
        dynamics = guard.loudness_range(sound)
        if dynamics < guard.STEADY_DB:
            return _NOTHING, "unknown"
        begun = start(model, model.encode(sound))
        free = greedy(model, begun, guard.token_limit(len(sound)))
        text = model.tokenizer.decode(free.tokens)
        outlook: Outlook = "unknown"
        if self._guide is not None:
            prefix = self._wake_tokens(model, free, text)
            after = start_after(model, begun, free.tokens[:prefix])
            result, fit = self._guide.follow(after, free.after(prefix), len(sound))
            understood = self._guide.understand(result, fit)
            outlook = self._guide.outlook(result, understood)
            if understood is not None:
                return (
                    Hypothesis(
                        text=understood.text,
                        confidence=understood.confidence,
                        language=self.language,
                        alternatives=understood.alternatives,
                        meaning=understood.meaning,
                    ),
                    outlook,
                )
        if guard.loops(free.tokens) or guard.is_invented(text, free.mean, dynamics):
            return _NOTHING, outlook
        return Hypothesis(text=text, confidence=float(np.exp(min(free.mean, 0.0))), language=self.language), outlook

    def _wake_tokens(self, model: MoonshineModel, free: Free, text: str) -> int:
        """How many tokens of the free text are the wake word; 0 when nothing comes after it."""
        rest = strip_wake_word(text, self._wake_word)
        if rest == text or not rest:
            return 0
        wanted = "".join(filter(str.isalnum, rest.lower()))
        for count in range(len(free.tokens)):
            left = "".join(filter(str.isalnum, model.tokenizer.decode(free.tokens[count:]).lower()))
            if left == wanted:
                return count
        return 0


def greedy(model: MoonshineModel, start: Start, limit: int) -> Free:
    """The most likely token at every step, at most `limit`."""
    tokens: list[int] = []
    logps: list[float] = []
    scores, cache = start.first, start.cache
    while True:
        token = int(scores.argmax())
        logps.append(float(scores[token]))
        if token == EOS or len(tokens) >= limit or guard.loops(tokens):
            return Free(tuple(tokens), tuple(logps))
        tokens.append(token)
        logits, cache = model.step(start.heard, np.array([token], np.int64), cache)
        scores = log_softmax(logits)[0]
