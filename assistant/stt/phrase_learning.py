"""How the recogniser writes a phrase that it may not know, and how likely it must find that: learnt from examples.

The phrase is spoken by synthetic voices. What the recogniser writes down most often counts as a spelling of it, beside
the phrase itself. The score that is needed lies below what most of those examples reach.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

import numpy as np

from assistant.audio.frame import RATE, Samples
from assistant.stt.moonshine_model import MoonshineModel, log_softmax
from assistant.stt.phrase import MAX_TOKENS, SURPRISE, Phrase, Unheard, likeliest
from assistant.stt.tokenizer import EOS

GREETINGS = ("hey", "hi", "hello", "okay", "ok", "yo")
"""Left out at the beginning of a phrase if enough remains: they are misheard most."""
MOST_SPELLINGS = 6
SHARE = 0.05
"""Of the examples that must be written alike to count as a spelling."""
LIKE = 0.5
"""Least likeness of letters, 0 to 1: "like that" is what some voices' "alexa" is taken for, and a common phrase."""
FLOOR = -16.0
"""Less likely than this is not looked at."""
EASIEST, HARDEST = -9.0, -6.0
"""Bounds of the score that is needed: ordinary speech stays below the first for words of two syllables and more."""
WINDOW = int(1.5 * RATE)
"""What a judge is given."""
_WORD = re.compile(r"[^\W\d_']+(?:'[^\W\d_]+)?")

Progress = Callable[[int, int], None]


def learn(
    model: MoonshineModel,
    text: str,
    examples: Sequence[Samples],
    noisy: Sequence[Samples],
    *,
    passed: float = 0.96,
    progress: Progress | None = None,
) -> tuple[Phrase, float]:
    """A phrase for `PhraseJudge`, and the share of examples it confirms, from the phrase spoken clearly and in noise.

    Every other one of `noisy` sets the score that is needed, so that a share `passed` of them reaches it, within the
    bounds; the others are counted. Raises EngineError. About 0.1 CPU s an example.
    """
    total = len(examples) + len(noisy)
    written: Counter[str] = Counter()
    for number, sound in enumerate(examples, 1):
        written[core(transcript(model, sound))] += 1
        if progress is not None:
            progress(number, total)
    spellings = _spellings(core(text), written, len(examples))
    scores, unheard = [], Unheard(model)
    for number, sound in enumerate(noisy, len(examples) + 1):
        scores.append(margin(model, Phrase(spellings, 0.0, SURPRISE), sound, unheard))
        if progress is not None:
            progress(number, total)
    needed = float(np.quantile(scores[::2], 1 - passed)) - 0.5 if scores else EASIEST
    needed = float(np.clip(needed, EASIEST, HARDEST))
    return Phrase(spellings, needed, SURPRISE), float(np.mean(np.array(scores[1::2]) >= needed)) if len(
        scores
    ) > 1 else 0.0


def margin(model: MoonshineModel, phrase: Phrase, sound: Samples, unheard: Unheard) -> float:
    """By how much the phrase is more likely than needed, in natural logarithms; not below FLOOR."""
    encode = model.tokenizer.encode
    tokens = tuple(tuple(token for part in each.split() for token in encode(part)) for each in phrase.spellings)
    sound = sound[-WINDOW:]
    return likeliest(model, sound, tokens, FLOOR, surprise=phrase.surprise, unheard=unheard) - phrase.needed


def transcript(model: MoonshineModel, sound: Samples) -> str:
    """The most likely words, without looking for any."""
    heard, logits, cache = model.begin(model.encode(sound))
    tokens: list[int] = []
    for _ in range(MAX_TOKENS):
        token = int(log_softmax(logits)[0].argmax())
        if token == EOS:
            break
        tokens.append(token)
        logits, cache = model.step(heard, np.array([token], np.int64), cache)
    return model.tokenizer.decode(tokens)


def core(text: str) -> str:
    """Words without marks, in small letters, and without a greeting before them."""
    words = [word.lower() for word in _WORD.findall(text)]
    while len(words) > 1 and words[0] in GREETINGS and sum(map(len, words[1:])) > 3:
        del words[0]
    return " ".join(words)


def _like(one: str, other: str) -> float:
    return SequenceMatcher(None, one.replace(" ", ""), other.replace(" ", ""), autojunk=False).ratio()


def _spellings(plain: str, written: Counter[str], count: int) -> tuple[str, ...]:
    """Both ways to begin the phrase, and what it is taken for often enough."""
    often = [
        text
        for text, times in written.most_common()
        if times >= max(2, SHARE * count) and len(text) > 3 and _like(text, plain) >= LIKE
    ]
    found = []
    for text in [plain, *often]:
        found += [text[:1].upper() + text[1:], text]
    return tuple(dict.fromkeys(found))[: 2 * MOST_SPELLINGS]
