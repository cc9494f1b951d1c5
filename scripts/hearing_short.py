"""A word or two: the shortest sentences of the skills and other words, said by synthetic voices.

Recordings of commands hold hardly any, and they are what other words are most easily mistaken for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
import soxr
from hearing_cases import Case, Samples, Sound, mix

from assistant.grammar.network import START, Network, Place
from assistant.tts.chorus import Voice, find_voices

TREE = Path(__file__).resolve().parents[1]
VOICES = {"en_US-joe-medium": (0.85, 1.0, 1.2), "slt": (0.85, 1.0), "rms": (1.0,), "en-us": (1.0,), "en-gb": (0.9,)}
"""Voices, and how fast each speaks."""
LONGEST = 2
"""Words of a short sentence."""
DECIBELS = (None, 12.0)
COMMANDS, OTHERS = "short commands", "other: short words"


def short_cases(network: Network, noise: Sound | None, count: int) -> Iterator[Case]:
    """`count` short commands, each with its intents as what is wanted, and as many other words; every second in
    noise."""
    random = Random(1)
    sentences = sorted(shortest(network).items())
    known = {word for text, _ in sentences for word in text.split()}
    pages = " ".join(path.read_text(encoding="utf-8") for path in sorted((TREE / "docs").glob("*.md")))
    others = sorted({word.lower() for word in re.findall(r"\b[A-Za-z]{4,}\b", pages)} - known)
    ways = list(voices())
    rng = np.random.default_rng(1)
    said = [(COMMANDS, text, intents) for text, intents in random.sample(sentences, min(count, len(sentences)))]
    said += [(OTHERS, text, ()) for text in random.sample(others, min(count, len(others)))]
    for number, (group, text, intents) in enumerate(said):
        voice, speed = ways[number % len(ways)]
        sound = framed(voice.say(text, speed=speed), rng)
        level = DECIBELS[number % len(DECIBELS)] if noise is not None else None
        yield Case(group, text, mix(sound, noise, level, rng), ("|".join(intents), {}) if intents else None)


def shortest(network: Network) -> dict[str, tuple[str, ...]]:
    """The sentences without slots of up to `LONGEST` words that need no sentence before them, and their intents."""
    found: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[tuple[str, ...], frozenset[Place]]] = [((), frozenset((START,)))]
    while waiting:
        words, places = waiting.pop()
        intents = sorted({intent for place in places for intent in network.nexts(place).intents})
        if words and intents and not any(intent.endswith("+") for intent in intents):
            found[" ".join(words)] = tuple(intents)
        if len(words) == LONGEST:
            continue
        after: dict[str, set[Place]] = {}
        for place in places:
            for word, targets in network.nexts(place).words.items():
                after.setdefault(word, set()).update(each for each in targets if network.slot_of(each) is None)
        waiting += [((*words, word), frozenset(targets)) for word, targets in after.items() if targets]
    return found


def voices() -> Iterator[tuple[Voice, float]]:
    found = {voice.name: voice for voice in find_voices(TREE / "models", "en", resample)}
    for name, speeds in VOICES.items():
        if name in found:
            yield from ((found[name], speed) for speed in speeds)


def resample(sound: Samples, rate: int, wanted: int) -> Samples:
    return np.asarray(soxr.resample(sound, rate, wanted), np.int16)


def framed(said: Samples, rng: np.random.Generator) -> Sound:
    """With the faint noise of a quiet room around it."""
    loud = np.flatnonzero(np.abs(said) > 0.02 * np.abs(said).max())
    sound = said[loud[0] : loud[-1] + 1] * (12_000 / np.abs(said).max())
    around = np.concatenate([np.zeros(6_400), sound, np.zeros(9_600)])
    return np.asarray((around + rng.normal(0, 6, len(around))) / 32_768, np.float32)


def is_meant(case: Case, intents: Sequence[str]) -> bool:
    return case.wanted is not None and not set(intents).isdisjoint(case.wanted[0].split("|"))
