"""Which words sound alike: a sound key by a language file's spelling rules, and a distance between two keys.

The key is a rough phonetic spelling in the spirit of Metaphone, but it keeps its vowels; the distance is an edit
distance in which sounds that recognisers confuse (b/p, m/n, any two vowels) are close.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from assistant.errors import EngineError
from assistant.grammar.words import is_picture

FOLDER = Path(__file__).parent / "languages"
"""Data of the languages."""

HOMOPHONE = 0.2
"""Cost of taking a word for one of its homophones; a whole content word costs 1."""
KNOWN_HOMOPHONE = 0.32
"""The same where the heard word is one that some sentence has: it was more likely said than misheard."""
_VOWELS = frozenset("aeiou")
_FAR = 0.36
"""Words whose sounds differ by more than this share are not taken for one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """How one language sounds."""

    respell: tuple[tuple[re.Pattern[str], str], ...]
    alike: frozenset[tuple[str, str]]
    homophones: Mapping[str, frozenset[str]]
    fillers: frozenset[str]
    polite: tuple[tuple[str, ...], ...]
    opening: tuple[tuple[str, ...], ...]
    """What may stand before a request, and say no more than that it is one."""
    closing: tuple[tuple[str, ...], ...]
    """The same behind it."""
    wake: tuple[tuple[str, ...], ...]
    small: frozenset[str]
    light: frozenset[str]
    negations: frozenset[str]
    weighty: frozenset[str]
    """Negations, and words that undo."""
    asking: frozenset[str]
    kept: frozenset[str]
    articles: frozenset[str]
    numbers: frozenset[str]
    ordinals: frozenset[str]
    """Of numbers and ordinals none is taken for another."""
    classes: Mapping[str, str]
    """Sounds that are taken for one another -> one of them."""

    def key(self, word: str) -> str:
        """Roughly how a word sounds."""
        for pattern, sound in self.respell:
            word = pattern.sub(sound, word)
        return word

    def weight(self, word: str) -> float:
        """How much a word says, 0..1."""
        if word in self.small:
            return 0.25
        return 0.5 if word in self.light else 1.0

    def insertion(self, word: str) -> float:
        """Cost of a word that was heard and that the sentence does not have."""
        if word in self.weighty:
            return 4.0
        if word in self.fillers:
            return 0.02
        if is_picture(word):
            return 1.0
        if word in self.asking or word in self.numbers or word[0].isdigit():
            return 2.5
        return 0.25 if word in self.small else 1.5

    def deletion(self, word: str) -> float:
        """Cost of a word that the sentence has and that was not heard."""
        if word in self.weighty:
            return 3.0
        if word in self.fillers:
            return 0.05
        if word in self.kept:
            return 1.6
        if word in self.small:
            return 0.25
        return 0.7 if word in self.light else 1.6

    def around(self, said: Sequence[str]) -> list[tuple[int, int]]:
        """What stands around the request in these words, as (from, to): openings, one after another and with fillers
        between, and closings. Never all of the words."""
        found: set[tuple[int, int]] = set()
        starts = {0}
        for at in range(len(said)):
            if at in starts:
                ends = [at + len(phrase) for phrase in self.opening if tuple(said[at : at + len(phrase)]) == phrase]
                found |= {(at, end) for end in ends if end < len(said)}
                starts |= {*ends, *([at + 1] if said[at] in self.fillers else [])}
        stops = {len(said)}
        for to in range(len(said), 0, -1):
            if to in stops:
                begins = [
                    to - len(phrase) for phrase in self.closing if tuple(said[max(0, to - len(phrase)) : to]) == phrase
                ]
                found |= {(begin, to) for begin in begins if begin > 0}
                stops |= {*begins, *([to - 1] if said[to - 1] in self.fillers else [])}
        return sorted(found)

    def distance(self, one: str, two: str, limit: float = 1.0) -> float:
        """0 for the same sound, 1 for none in common; of two sound keys. Anything beyond `limit` comes out as 1."""
        if one == two:
            return 0.0
        longest = max(len(one), len(two))
        most = limit * longest
        if abs(len(one) - len(two)) * 0.7 > most or not longest:
            return 1.0
        row = [0.0]
        for sound in two:
            row.append(row[-1] + (0.7 if sound in _VOWELS else 1.0))
        for left in one:
            gone = 0.7 if left in _VOWELS else 1.0
            above, row = row, [row[0] + gone]
            for at, right in enumerate(two):
                swapped = above[at] + self._swap(left, right)
                added = row[at] + (0.7 if right in _VOWELS else 1.0)
                row.append(min(swapped, above[at + 1] + gone, added))
            if min(row) > most:
                return 1.0
        return row[-1] / longest

    def _swap(self, left: str, right: str) -> float:
        if left == right:
            return 0.0
        if left in _VOWELS and right in _VOWELS:
            return 0.3
        return 0.35 if (left, right) in self.alike else 1.0


class Lexicon:
    """The words that sentences can hold, and which of them a heard word may stand for."""

    def __init__(self, sounds: Sounds, words: Iterable[str]) -> None:
        self.sounds = sounds
        self.words = frozenset(words)
        self._values = sounds.numbers | sounds.ordinals
        self._bones = sounds.classes
        self._keys = {word: sounds.key(word) for word in self.words}
        self._skeleton = {word: self._consonants(key) for word, key in self._keys.items()}
        self._index: dict[str, list[str]] = {}
        for word, bones in self._skeleton.items():
            for each in _with_one_gone(bones):
                self._index.setdefault(each, []).append(word)
        self._known: dict[str, Mapping[str, float]] = {}

    def near(self, word: str) -> Mapping[str, float]:
        """Words of the lexicon that may have been said when `word` was heard, with their cost; itself costs 0.

        Only words of the lexicon are remembered between calls.
        """
        found = self._known.get(word)
        if found is None:
            found = MappingProxyType(self._search(word))
            if word in self.words:
                self._known[word] = found
        return found

    def _search(self, word: str) -> dict[str, float]:
        found: dict[str, float] = {}
        never = self._values if word in self._values else frozenset()
        key = self.sounds.key(word)
        far, steep = (_FAR * 0.6, 2.5) if word in self.words else (_FAR, 1.6)
        # A question word makes a question of it: it is not taken for a word of a command that sounds a little alike.
        asks = word in self.sounds.asking and word in self.sounds.light
        small = word in self.words and (word in self.sounds.small or asks)
        if len(key) > 1 and not small and not any(letter.isdigit() for letter in word):
            bones = self._consonants(key)
            for skeleton in _with_one_gone(bones):
                for other in self._index.get(skeleton, ()):
                    longest = max(len(key), len(self._keys[other]))
                    # Other consonants cost at least 1 in all: mostly that is too far already.
                    if (
                        other not in found
                        and other not in never
                        and (self._skeleton[other] == bones or longest * far >= 1.0)
                    ):
                        away = self.sounds.distance(key, self._keys[other], far)
                        if away <= far and len(self._keys[other]) > 1:
                            cost = 0.2 + steep * away + (0.15 if other in self.sounds.weighty else 0.0)
                            found[other] = cost / 2 if other in self.sounds.small else cost
        for other in self.sounds.homophones.get(word, ()):
            if other in self.words:
                alike = HOMOPHONE if word not in self.words or other in self.sounds.small else KNOWN_HOMOPHONE
                found[other] = min(alike, found.get(other, 1.0))
        if word in self.words:
            found[word] = 0.0
        return found

    def _consonants(self, key: str) -> str:
        """The consonants of a key, like ones as one."""
        return "".join(self._bones.get(letter, letter) for letter in key if letter not in _VOWELS)


def _with_one_gone(bones: str) -> set[str]:
    return {bones} | {bones[:at] + bones[at + 1 :] for at in range(len(bones)) if len(bones) > 1}


def _phrases(said: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """As words, the longer first."""
    return tuple(sorted((tuple(phrase.split()) for phrase in said), key=len, reverse=True))


@cache
def read_sounds(language: str) -> Sounds:
    """The sounds of a language, from its file; a language without one has no sound-alikes and no fillers."""
    path = FOLDER / f"{language.lower().split('-')[0]}.sound.yaml"
    # Every scalar is a word: with types, "on" and "no" would be truth values.
    data = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) if path.is_file() else {}
    if not isinstance(data, dict):
        raise EngineError("is not a mapping", where=str(path), hint="Compare it with en.sound.yaml")
    homophones: dict[str, set[str]] = {}
    for group in data.get("homophones", ()):
        for word in group:
            homophones.setdefault(word, set()).update(other for other in group if other != word)
    alike = {(pair[at], pair[1 - at]) for pair in data.get("alike", ()) for at in (0, 1)}
    classes: dict[str, str] = {}
    for one, two in sorted(alike):
        first, second = classes.get(one, one), classes.get(two, two)
        classes |= dict.fromkeys({one, two} | {each for each, of in classes.items() if of == second}, first)
    return Sounds(
        respell=tuple((re.compile(pattern), sound) for pattern, sound in data.get("respell", ())),
        alike=frozenset(alike),
        homophones={word: frozenset(others) for word, others in homophones.items()},
        fillers=frozenset(data.get("fillers", ())),
        polite=_phrases(data.get("polite", ())),
        opening=_phrases(data.get("opening", ())),
        closing=_phrases(data.get("closing", ())),
        wake=_phrases(data.get("wake", ())),
        small=frozenset(data.get("small", ())),
        light=frozenset(data.get("light", ())),
        negations=frozenset(data.get("negations", ())),
        weighty=frozenset((*data.get("negations", ()), *data.get("weighty", ()))),
        numbers=frozenset(data.get("numbers", ())),
        ordinals=frozenset(data.get("ordinals", ())),
        articles=frozenset(data.get("articles", ())),
        kept=frozenset(data.get("kept", ())),
        classes=classes,
        asking=frozenset(data.get("asking", ())),
    )
