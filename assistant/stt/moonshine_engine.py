"""Moonshine behind the protocol of the room: along the skills' sentences where they fit, else free text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.audio.frame import RATE, Samples
from assistant.errors import EngineError
from assistant.grammar.sentences import SkillSentences
from assistant.grammar.sound import read_sounds
from assistant.grammar.words import words
from assistant.stt import guard
from assistant.stt.acceptance import EVIDENT, Fit, read_acceptance
from assistant.stt.buffer import UtteranceBuffer
from assistant.stt.engine import Hypothesis, Outlook
from assistant.stt.expected import ANYTHING, PRIOR, Expected, answers
from assistant.stt.guided import Free, Guide, Start, Trace, Understood, start, start_after
from assistant.stt.memory import not_collecting, release_memory
from assistant.stt.moonshine_model import MoonshineModel
from assistant.stt.shared import SharedModel
from assistant.stt.tokenizer import EOS
from assistant.stt.views import is_unsure, views
from assistant.stt.wakeword import possible_remains, strip_wake_word

POOR_LOGP = -1.3
"""Mean log-probability of a token below which a sentence is looked for as widely in the other views, too."""
FAR_GAP = 4.0
FAIR_LOGP = -1.0
"""Where no other meaning is nearer than this, the sound says much and the fit is fair, other views say the same. Below,
a search may have missed what was said."""
UNCHANGED_SECONDS = 0.4
"""When a whole sentence is still the same after so much more sound, that was noise, and the person has finished."""

_NOTHING = Hypothesis(text="", confidence=0.0, language="en")


@dataclass(frozen=True, slots=True)
class _Look:
    """What some sound was heard as, and how well the best sentence fits it."""

    heard: Hypothesis
    outlook: Outlook
    fit: Fit | None
    trace: Trace | None = None
    """What the search saw, where a sentence of the skills was looked for."""
    best: Understood | None = None
    """The sentence that it was heard as."""
    start: int = 0
    """Where the sound that was looked at begins."""

    @property
    def understood(self) -> bool:
        return self.heard.meaning is not None or self.heard.several

    @property
    def is_unsure(self) -> bool:
        """Whether other views of the same sound may help."""
        if self.fit is None or not is_unsure(self.fit):
            return False
        meaning = self.heard.meaning
        settled = self.fit.mean > FAIR_LOGP and self.fit.evidence > EVIDENT
        return meaning is None or meaning.gap < FAR_GAP or not settled


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
        self._skills: tuple[SkillSentences, ...] = ()
        self._expected = ANYTHING
        self._answers: Guide | None = None
        """The sentences of what is expected."""
        self._sound = UtteranceBuffer()
        self._wake_word = ""
        self._ready: _Look | None = None
        self._said: tuple[str, int] = ("", 0)
        """The sentence at the last pauses, and how much sound there was when it was whole for the first time."""

    def start(self) -> None:
        """Load the model. Raises ModelError."""
        if self._model is None:
            self._model = self._shared.get()

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """Compile the sentences; about 0.2 s for twenty skills, less where only a list has changed. Raises SkillError,
        EngineError before `start`."""
        guide = Guide(self._loaded(), skills, self.language, like=self._guide)
        self._skills = tuple(skills)
        self._expected, self._answers = ANYTHING, None
        self._guide = guide if guide.network.nets else None
        release_memory()

    def begin(self, *, wake_word: str = "", expected: Expected = ANYTHING) -> None:
        """A new utterance."""
        self._sound.clear()
        self._wake_word = wake_word
        self._expect(expected)
        self._ready = None
        self._said = ("", 0)

    def accept(self, samples: Samples) -> str | None:
        """Take more sound. This engine has no partial text."""
        self._sound.append(samples)
        return None

    def outlook(self) -> Outlook:
        """Decode what was said so far, and tell whether it could be all. Raises EngineError."""
        with not_collecting():
            self._ready = self._decode(self._loaded(), self._sound.view())
        heard, outlook = self._ready.heard, self._ready.outlook
        if outlook not in ("complete", "likely", "nearly", "over"):
            self._said = ("", 0)
        elif heard.text != self._said[0]:
            self._said = (heard.text, len(self._sound))
        elif outlook != "complete" and len(self._sound) - self._said[1] >= UNCHANGED_SECONDS * RATE:
            return "over"
        return outlook

    def glance(self) -> Outlook:
        """How likely the sentence that `outlook` found now is over. Raises EngineError."""
        before = self._ready
        if before is None or before.trace is None or before.best is None or self._guide is None:
            return before.outlook if before is not None else "unknown"
        heard = self._loaded().encode(self._sound.view()[before.start :])
        said = before.trace.free.tokens[: before.trace.prefix]
        return self._guide.still(heard, said, before.best)

    def finish(self, *, settled: bool = False) -> Hypothesis:
        """Decode what was heard. Raises EngineError."""
        model = self._loaded()
        try:
            sound = self._sound.view()
            with not_collecting():
                found = (self._ready if settled else None) or self._decode(model, sound)
                if found.is_unsure:
                    thorough = found.fit is not None and found.fit.mean < POOR_LOGP
                    found = self._together([found, *(self._decode(model, view, thorough) for view in views(sound))])
            return found.heard
        finally:
            self._ready = None
            self._said = ("", 0)
            self._sound.clear()
            release_memory()

    def close(self) -> None:
        """Free the model."""
        self.begin()
        self._model = None
        self._guide = None
        release_memory()

    def _expect(self, expected: Expected) -> None:
        if expected == self._expected or self._guide is None:
            return
        found = answers(expected, self._skills, self.language)
        self._expected, self._answers = expected, None
        if found is not None:
            self._answers = Guide(self._loaded(), [found], self.language, like=self._guide, asked=True)

    def _loaded(self) -> MoonshineModel:
        if self._model is None:
            raise EngineError("the recogniser was not started", where="stt.moonshine")
        return self._model

    def _decode(self, model: MoonshineModel, sound: Samples, thorough: bool = True) -> _Look:
        if not self._wake_word or self._guide is None:
            return self._decode_sound(model, sound, thorough)
        # What is left of the wake word changes the request: "croft, set a timer" is heard as "off, set a timer".
        behind = guard.tail_end(sound)
        again = self._decode_sound(model, sound, thorough, behind) if behind else None
        if again is not None and again.understood and not again.is_unsure:
            return again
        look = self._decode_sound(model, sound, thorough)
        if again is not None and again.heard.text and not look.understood:
            look = again
        elif again is not None and again.understood:
            look = max(look, again, key=lambda each: _value(each.fit))
        if look.understood or not look.heard.text:
            return look
        # The same where quiet came first, if nothing weighty is lost with it.
        behind = guard.first_pause(sound)
        if behind and not read_sounds(self.language).weighty & set(words(look.heard.text)[:1]):
            again = self._decode_sound(model, sound, thorough, behind)
            if again.understood:
                return again
        return look

    def _decode_sound(self, model: MoonshineModel, sound: Samples, thorough: bool, start_at: int = 0) -> _Look:
        sound = sound[start_at:]
        if guard.is_silent(sound):
            return _Look(_NOTHING, "unknown", None)
        dynamics = guard.loudness_range(sound)
        if dynamics < guard.STEADY_DB:
            return _Look(_NOTHING, "unknown", None)
        begun = start(model, model.encode(sound))
        free = greedy(model, begun, guard.token_limit(len(sound)))
        text = model.tokenizer.decode(free.tokens)
        outlook: Outlook = "unknown"
        fit: Fit | None = None
        trace: Trace | None = None
        if self._guide is not None:
            strict = strip_wake_word(text, self._wake_word)
            trace = self._follow(self._guide, begun, free, strict, len(sound), thorough)
            understood = self._guide.understand(trace.result, trace.fit)
            for at in self._remains(text) if understood is None and strict == text else ():
                other = self._follow(self._guide, begun, free, text[at:], len(sound), thorough)
                understood = self._guide.understand(other.result, other.fit)
                if understood is not None:
                    trace = other
                    break
            outlook, fit = self._guide.outlook(trace.result, understood), trace.fit
            if self._answers is not None:
                other = self._follow(self._answers, begun, free, text, len(sound), thorough)
                answer, likely = self._answers.understand(other.result, other.fit), other.fit
                if answer is not None and (understood is None or _value(likely) + PRIOR > _value(fit)):
                    same = understood is not None and understood.text == answer.text
                    after = self._answers.outlook(other.result, answer)
                    return _Look(self._heard(answer, understood if same else None), after, None)
            if understood is not None:
                return _Look(self._heard(understood, understood), outlook, fit, trace, understood, start_at)
        if guard.loops(free.tokens) or guard.is_invented(text, free.mean, dynamics):
            return _Look(_NOTHING, outlook, fit, trace)
        for at in self._remains(text):
            if text[:at].rstrip()[-1] in ",.!?":
                text = text[at : at + 1].upper() + text[at + 1 :]
                break
        confidence = float(np.exp(min(free.mean, 0.0)))
        unasked = self._guide is not None and self._expected == ANYTHING
        if unasked and guard.is_scrap(text, confidence, read_acceptance().sure):
            return _Look(_NOTHING, outlook, fit, trace)
        heard = Hypothesis(text=text, confidence=confidence, language=self.language)
        return _Look(heard, outlook, fit, trace)

    def _together(self, looks: Sequence[_Look]) -> _Look:
        """What several looks at the same sound make of it together."""
        traces = [look.trace for look in looks if look.trace is not None]
        if self._guide is None or len(traces) < len(looks):
            return _agreed(looks)
        result, fit = self._guide.together(traces)
        understood = self._guide.understand(result, fit)
        if understood is not None:
            return _Look(self._heard(understood, understood), self._guide.outlook(result, understood), fit)
        return next((look for look in looks if not look.understood), _Look(_NOTHING, "unknown", fit))

    def _follow(self, guide: Guide, begun: Start, free: Free, rest: str, samples: int, thorough: bool) -> Trace:
        """What the end `rest` of the free text is along the sentences; before it comes the wake word, if anything."""
        prefix = self._tokens_before(free, rest)
        after = start_after(self._loaded(), begun, free.tokens[:prefix])
        result, fit = guide.follow(after, free.after(prefix), samples, thorough=thorough)
        return Trace(begun.heard, free, prefix, result, fit)

    def _heard(self, words: Understood, meaning: Understood | None) -> Hypothesis:
        return Hypothesis(
            text=words.text,
            confidence=words.confidence,
            language=self.language,
            alternatives=words.alternatives,
            meaning=meaning.meaning if meaning is not None else None,
            several=meaning is not None and meaning.meaning is None,
        )

    def _remains(self, text: str) -> list[int]:
        """Where the request may begin, behind what may be the end of the wake word."""
        if not self._wake_word:
            return []
        weighty = read_sounds(self.language).weighty
        return [at for at in possible_remains(text, self._wake_word) if not weighty & set(words(text[:at]))]

    def _tokens_before(self, free: Free, rest: str) -> int:
        """How many tokens of the free text come before its end `rest`; 0 when `rest` is empty."""
        wanted = "".join(filter(str.isalnum, rest.lower()))
        decode = self._loaded().tokenizer.decode
        for count in range(len(free.tokens) if wanted else 0):
            left = "".join(filter(str.isalnum, decode(free.tokens[count:]).lower()))
            if left == wanted:
                return count
        return 0


def _agreed(looks: Sequence[_Look]) -> _Look:
    """The best of several looks at the same sound. Noise fits some sentence now and then, but not in most of them."""
    understood = [look for look in looks if look.understood]
    if 2 * len(understood) > len(looks):
        return max(understood, key=lambda look: _value(look.fit))
    return next(look for look in looks if not look.understood)


def _value(fit: Fit | None) -> float:
    return fit.value if fit is not None else 0.0


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
        rows, cache = model.step(start.heard, np.array([token], np.int64), cache)
        scores = rows[0]
