"""From what people say to the things they mean: "milk, eggs and bread" is three."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

LONGEST_NAME = 5
"""Words in the longest known thing."""
_MARKS = re.compile(r"\s*[,;]\s*")


def split(said: str, known: Collection[str], small: Mapping[str, str]) -> list[str]:
    """The things in the words, each once.

    Commas and the words that `small` calls "joint" part them, but not inside a known thing ("salt and pepper"). Known
    things in a row ("milk eggs bread") are parted too, since recognition writes no commas. Words that `small` calls
    "article" are left out at the beginning of a thing.
    """
    found: list[str] = []
    for part in _MARKS.split(said.strip(" .?!")):
        for chunk in _chunks(part.split(), known, small):
            row = _row(chunk, known)
            found += row if row else [" ".join(_bare(chunk, small))]
    return list(dict.fromkeys(thing for thing in found if thing))


def same(one: str, other: str) -> bool:
    """Whether two names mean one thing: "egg" and "eggs"."""
    return _stems(one) == _stems(other)


def named(asked: str, things: Sequence[str]) -> list[str]:
    """The things that are meant: of that name, else those whose name holds it ("milk": "two bottles of milk")."""
    exact = [thing for thing in things if same(asked, thing)]
    return exact or [thing for thing in things if set(_stems(asked)) <= set(_stems(thing))]


def _stems(name: str) -> list[str]:
    return [word.removesuffix("es") if word.endswith("oes") else word.rstrip("s") for word in name.lower().split()]


def _chunks(words: Sequence[str], known: Collection[str], small: Mapping[str, str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    at = 0
    while at < len(words):
        length = _known_at(words, at, known)
        if not length and small.get(words[at].lower()) == "joint":
            yield chunk
            chunk = []
        chunk += words[at : at + max(1, length)] if length or small.get(words[at].lower()) != "joint" else []
        at += max(1, length)
    yield chunk


def _known_at(words: Sequence[str], at: int, known: Collection[str]) -> int:
    """How many words the longest known thing has that begins here; 0 when there is none."""
    lengths = range(min(LONGEST_NAME, len(words) - at), 0, -1)
    return next((length for length in lengths if " ".join(words[at : at + length]).lower() in known), 0)


def _row(words: Sequence[str], known: Collection[str]) -> list[str]:
    """The known things that the words consist of, or nothing when there is another word."""
    found, at = [], 0
    while at < len(words):
        length = _known_at(words, at, known)
        if not length:
            return []
        found.append(" ".join(words[at : at + length]))
        at += length
    return found


def _bare(words: Sequence[str], small: Mapping[str, str]) -> Sequence[str]:
    at = 0
    while at < len(words) - 1 and small.get(words[at].lower()) == "article":
        at += 1
    return words[at:]
