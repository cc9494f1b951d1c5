"""Was it the wake word? The recogniser's own opinion, as a second one beside the detector's.

The decoder writes down what it hears, and before every token it is asked how likely the wake word would be there
instead; the most likely place counts. So it does not matter what was said before the word. A word that the recogniser
does not know is looked for in the ways it misspells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import yaml

from assistant.audio.frame import RATE, Samples
from assistant.errors import EngineError
from assistant.grammar.sound import FOLDER
from assistant.stt.memory import release_memory
from assistant.stt.moonshine_model import Cache, Floats, Heard, MoonshineModel, log_softmax
from assistant.stt.shared import SharedModel
from assistant.stt.tokenizer import EOS

MAX_TOKENS = 12
"""Tokens written down: more than anybody says in two seconds."""
HOPELESS = 3.5
"""A spelling is given up when it is this much less likely than needed (natural logarithm)."""
SURPRISE = 3.5
"""For words that somebody chose. Recordings of "computer", clean and in noise: above 5, said several times 3.5; what
was taken for it in other speech: at most 2."""
LEAD = 2.0
"""For "hey mycroft", which the recogniser does not know, while it knows "Microsoft"."""
SILENT_PEAK = 30
"""Nothing louder than this (16 bit) is no word."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A wake word as the recogniser writes it, and the log-probability from which on it is taken for said."""

    spellings: tuple[str, ...]
    needed: float
    surprise: float = 0.0
    """By how much likelier the sound must make it than hearing nothing would, after the same words; 0: not asked."""
    rivals: tuple[str, ...] = ()
    """What sounds like it. Where one of these is likelier by more than `LEAD`, the phrase was not said."""


PHRASES: Mapping[str, Phrase] = MappingProxyType(
    {
        # Recordings of 50 speakers, also in noise and after speech: above -6.5 where the word can be made out at all.
        # What the detector took for it in ten hours of other speech, mostly in noise: below -7, but for "Athena" twice.
        "alexa": Phrase(("Alexa", "alexa"), -6.9),
        # The bundled voice above -5.5, three other synthetic ones above -10, with noise; ordinary speech below -12.5.
        "hey_mycroft": Phrase(("Mycroft", "Macroft", "Macross", "Mick Rock", "my craft"), -10.8, rivals=(
            "Microsoft", "microsoft", "Minecraft", "minecraft", "Microphone", "microphone", "My crop", "my crop",
            "Aircraft", "aircraft", "My friend", "my friend", "Michael", "Marcus",
        )),
        "hey_jarvis": Phrase(("Jarvis", "jarvis"), -8.0),
        # Twelve synthetic voices, also in noise: above -5.7; "Athena", which the detector takes for it: below -7.4.
        "okay_nabu": Phrase(
            ("Okay Nabu", "Okay, Nabu", "Ok Nabu", "Okay, now", "Ok, now", "Okay, not", "Ok, not", "Okay, I'm",
             "Ok, I'm", "Okay, na", "Ok, na"),
            -7.0,
        ),
    }
)  # fmt: skip
"""Wake words that can be judged, with the ways in which they are written. What nobody knows how to write, like "Nabu",
is found by what it is taken for; the detector has heard it, too."""
STOP_NEEDED, STOP_SURPRISE = -3.5, 5.0
"""For the words that end what rings. While it rings, recorded speech of a fifth of an hour reached both in no clip, and
the first alone in seven of 77: "Stop" is what the recogniser makes of a noise, too."""


class PhraseJudge:
    """Tells how sure the recogniser is that a wake word was said. About 0.05 CPU seconds (x86-64) for two of sound."""

    def __init__(self, shared: SharedModel, phrases: Mapping[str, Phrase] = PHRASES) -> None:
        self._shared = shared
        self._phrases = phrases
        self._model: MoonshineModel | None = None
        self._unheard: Unheard | None = None

    def start(self) -> None:
        """Load the model, unless the recogniser has. Raises ModelError."""
        self._model = self._shared.get()

    def knows(self, word: str) -> bool:
        """Whether `judge` can tell anything about this word."""
        return word in self._phrases

    def judge(self, word: str, sound: Samples) -> float:
        """0 or more: `word` was said in `sound` (int16, shape (n,)); in natural logarithms. Raises EngineError."""
        if self._model is None:
            raise RuntimeError("start() comes before judge()")
        phrase = self._phrases[word]
        if len(sound) == 0 or max(int(sound.max()), -int(sound.min())) < SILENT_PEAK:
            return -HOPELESS
        spellings = self._tokens(phrase.spellings)
        try:
            if phrase.surprise and self._unheard is None:
                self._unheard = Unheard(self._model)
            return likeliest(
                self._model, sound, spellings, phrase.needed - HOPELESS,
                surprise=phrase.surprise, unheard=self._unheard, rivals=self._tokens(phrase.rivals),
            ) - phrase.needed  # fmt: skip
        finally:
            release_memory()

    def _tokens(self, texts: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
        if self._model is None:
            raise RuntimeError("start() comes before judge()")
        encode = self._model.tokenizer.encode
        return tuple(tuple(token for part in text.split() for token in encode(part)) for text in texts)

    def close(self) -> None:
        """Let go of the model."""
        self._model = None
        self._unheard = None
        release_memory()


@cache
def stop_phrase(language: str) -> Phrase | None:
    """The words of this language that end what rings, without a wake word; None where nobody has written them down.
    Raises EngineError for a damaged file."""
    file = FOLDER / f"{language.split('-')[0]}.stop.yaml"
    if not file.is_file():
        return None
    try:
        words = [str(word) for word in yaml.safe_load(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise EngineError("the stop words cannot be read", where=str(file), hint="Install the program again") from error
    return Phrase(tuple(form for word in words for form in (word.capitalize(), word)), STOP_NEEDED, STOP_SURPRISE)


class Unheard:
    """What the recogniser expects to be said while it hears nothing but a faint noise."""

    def __init__(self, model: MoonshineModel) -> None:
        """Raises EngineError."""
        self._model = model
        nothing = np.random.default_rng(0).normal(0, SILENT_PEAK, int(1.5 * RATE)).astype(np.int16)
        self._heard = model.begin(model.encode(nothing))[0]

    def likelihood(self, written: Sequence[int], spelling: Sequence[int]) -> float:
        """Log-probability of `spelling` after the tokens `written`. Raises EngineError."""
        whole = [*written, *spelling]
        if not written:
            return self._model.score(self._heard, [whole])[0]
        both = self._model.score(self._heard, [whole, written])
        return both[0] - both[1]


def likeliest(
    model: MoonshineModel,
    sound: Samples,
    spellings: tuple[tuple[int, ...], ...],
    floor: float,
    *,
    surprise: float = 0.0,
    unheard: Unheard | None = None,
    rivals: tuple[tuple[int, ...], ...] = (),
) -> float:
    """The highest log-probability of one of the spellings at any place of what is heard; at least `floor`.

    A common word is likely in some places whatever is heard: of half a word the recogniser makes "You can use the
    computer". With `unheard` only those places count where the sound makes it likelier by `surprise`. Nor does a place
    count where one of `rivals` is likelier by more than `LEAD`.
    """
    heard, logits, cache = model.begin(model.encode(sound))
    best = floor
    written: list[int] = []
    for _ in range(MAX_TOKENS):
        scores = log_softmax(logits)[0]
        for spelling in spellings:
            value = _follow(model, heard, scores, cache, spelling, best)
            limit = value + LEAD
            if value <= best or any(_follow(model, heard, scores, cache, each, limit) > limit for each in rivals):
                continue
            if not surprise or unheard is None or value - unheard.likelihood(written, spelling) >= surprise:
                best = value
        token = int(scores.argmax())
        if token == EOS:
            break
        written.append(token)
        logits, cache = model.step(heard, np.array([token], np.int64), cache)
    return best


def _follow(
    model: MoonshineModel, heard: Heard, scores: Floats, cache: Cache, spelling: tuple[int, ...], floor: float
) -> float:
    """Log-probability of the tokens of `spelling`, or one below `floor` as soon as it cannot be better."""
    total = float(scores[spelling[0]])
    for before, token in pairwise(spelling):
        if total <= floor:
            break
        logits, cache = model.step(heard, np.array([before], np.int64), cache)
        total += float(log_softmax(logits)[0][token])
    return total
