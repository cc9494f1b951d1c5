"""How a recogniser may write one word of a skill."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import yaml

from assistant.errors import EngineError
from assistant.grammar.sound import FOLDER
from assistant.stt.numerals import Numerals
from assistant.stt.tokenizer import Tokenizer

_UPPER = 4
"""Words up to this length may be written in capitals."""
_SHORT_HEAD = 2
"""Up to so many letters before an apostrophe, what comes after it may begin with a capital: O'Brien, D'Angelo."""
_PART = 3
"""Letters that each part of a word has that is also tried as two words: "mudroom" as "mud room"."""
_MOST_TAIL = 2
"""Tokens of the second part."""
_SPLITS = 2
"""Ways to do so that are tried."""
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
"""What is not a letter with a mark."""

Rows: TypeAlias = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """A language's other spellings."""

    instead: Mapping[str, tuple[str, ...]]
    glued: Mapping[str, tuple[str, ...]]
    same: Mapping[str | int, str]
    """Word -> the other spelling that stands for both."""


@cache
def read_writing(language: str) -> Writing:
    """From the language's file; without one nothing is spelled differently. Raises EngineError for a broken file."""
    path = FOLDER / f"{language.lower().split('-')[0]}.writing.yaml"
    if not path.is_file():
        return Writing({}, {}, {})
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        instead, glued = (
            {str(word): tuple(map(str, other)) for word, other in data[name].items()} for name in ("instead", "glued")
        )
        for one, other in data["both"].items():
            instead[str(one)] = (*instead.get(str(one), ()), str(other))
            instead[str(other)] = (*instead.get(str(other), ()), str(one))
    except (KeyError, TypeError, AttributeError) as error:
        raise EngineError(
            f"cannot be used ({error!r})", where=str(path), hint="Compare it with en.writing.yaml"
        ) from error
    return Writing(instead, glued, {str(one): str(other) for one, other in data["both"].items()})


class Spelling:
    """The tokens of words, remembered."""

    def __init__(self, language: str, tokenizer: Tokenizer, numerals: Numerals) -> None:
        self._tokenizer = tokenizer
        self._numerals = numerals
        self._writing = read_writing(language)
        self.same = self._writing.same
        self._spaced: dict[str, Rows] = {}
        self._glued: dict[str, Rows] = {}

    def spaced(self, word: str) -> Rows:
        """Behind a space."""
        known = self._spaced.get(word)
        if known is None:
            known = self._spaced[word] = tuple(dict.fromkeys(map(self._encode, self._ways(word))))
        return known

    def glued(self, word: str) -> Rows:
        """Behind a hyphen."""
        known = self._glued.get(word)
        if known is None:
            ways = dict.fromkeys(each for one in (word, _plain(word)) for each in (one, _capital(one)))
            known = self._glued[word] = tuple(dict.fromkeys(map(self._tokenizer.encode_glued, ways)))
        return known

    def joined(self, word: str) -> Rows:
        """Directly behind another word: the sign for a word ("%")."""
        return tuple(map(self._tokenizer.encode_glued, self._writing.glued.get(word, ())))

    def code(self, words: Sequence[str]) -> Rows:
        """Letters and digits as one word behind a space: M25, 3D, 4x4, REM, R.E.M."""
        whole = "".join(words)
        ways = [whole, whole.upper(), _capital(whole)]
        if all(len(word) == 1 and word.isalpha() for word in words):
            ways += [f"{'.'.join(words)}.".upper()]
        return tuple(dict.fromkeys(map(self._tokenizer.encode, ways)))

    def behind(self, word: str) -> Rows:
        """Directly behind another word, where the two are written as one: "lightbulb"."""
        return (self._tokenizer.encode_glued(word),) if len(word) >= _PART and word.isalpha() else ()

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(token for word in text.split() for token in self._tokenizer.encode(word))

    def _ways(self, word: str) -> Iterator[str]:
        yield word
        yield _capital(word)
        if len(word) <= _UPPER:
            yield word.upper()
        if 1 < len(word) <= _UPPER and word.endswith("s"):
            yield word[:-1].upper() + "s"
        others = [*self._writing.instead.get(word, ()), *self._split(word)]
        if len(word) == 1 and word.isalpha():
            yield f"{word.upper()}."
        if not word.isascii():
            others.append(_plain(word))
        head, mark, tail = word.partition("'")
        if mark:
            others.append(head + tail)
            if len(head) <= _SHORT_HEAD < len(tail):
                others.append(f"{_capital(head)}'{_capital(tail)}")
        if word[:1].isdigit():
            others += _spoken(word, self._numerals)
        for other in others:
            yield other
            yield _capital(other)

    def _split(self, word: str) -> list[str]:
        """A long word as two that the recogniser's vocabulary knows better; the plainest first."""
        if len(word) < 2 * _PART or not word.isalpha() or len(self._tokenizer.encode(word)) == 1:
            return []
        found: list[tuple[int, str]] = []
        for at in range(_PART, len(word) - _PART + 1):
            head, tail = self._tokenizer.encode(word[:at]), self._tokenizer.encode(word[at:])
            if len(head) == 1 and len(tail) <= _MOST_TAIL:
                found.append((len(tail), f"{word[:at]} {word[at:]}"))
        return [ways for _, ways in sorted(found)[:_SPLITS]]


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _plain(word: str) -> str:
    """Without the marks on its letters: Zürich as Zurich, São as Sao."""
    marked = unicodedata.normalize("NFKD", word.translate(_LETTERS))
    return "".join(letter for letter in marked if not unicodedata.combining(letter))


def _spoken(digits: str, numerals: Numerals) -> list[str]:
    """How digits of a name are read out: 204 as "two hundred four", "two oh four", "two zero four"; 1250 as "twelve
    fifty" too."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", digits):
        return []
    whole, point, part = digits.partition(".")
    single = " ".join(numerals.spoken("integer", digit) for digit in whole)
    heads = [numerals.spoken("integer", whole), single]
    if "0" in whole[1:]:
        heads.append(single.replace("zero", "oh"))
    if len(whole) > 2 and whole[-2:] != "00":
        first, last = whole[:-2], whole[-2:]
        tail = f"oh {numerals.spoken('integer', last[1])}" if last[0] == "0" else numerals.spoken("integer", last)
        heads.append(f"{numerals.spoken('integer', first)} {tail}")
        hundreds, _, rest = heads[0].rpartition("hundred ")
        if hundreds:
            heads.append(f"{hundreds}hundred and {rest}")
    ending = f" point {' '.join(numerals.spoken('integer', digit) for digit in part)}" if point else ""
    return [head + ending for head in dict.fromkeys(heads)]
