"""Cut a text into pieces that can be spoken one after the other, so that the first is heard early."""

from __future__ import annotations

import re

FIRST = 40
"""A first sentence longer than this many characters is cut at its first clause, if it has one."""
LONGEST = 200
"""No piece is longer, if it has a space: it bounds the memory of a synthesis and the time until it can be stopped."""

_NEVER_LAST = frozenset(
    (
        *("dr", "mr", "mrs", "ms", "mx", "prof", "st", "sr", "jr", "rev", "hon", "gen", "col", "capt", "lt", "sgt"),
        *("fig", "vs", "approx", "ca", "cf", "e.g", "i.e", "z.b", "d.h", "u.a", "bzw", "nr"),
    )
)
"""Abbreviations that something follows, without the last dot, in small letters."""

_CJK = re.compile(r"(?<=[。！？])(?=\S)")
_ENDS = re.compile(r"""[.!?…。！？]["'”’»)\]]*$""")
_CLAUSE = re.compile(r"""[,;:–—，；：]["'”’»)\]]*$""")
_INITIALS = re.compile(r"^(?:[^\W\d_]\.)+$")
_LEAST = 8
"""No clause shorter than this many characters is cut off."""


def split(text: str) -> list[str]:
    """The pieces in their order, each without white space around it. Nothing but white space is lost."""
    pieces: list[str] = []
    for paragraph in text.splitlines():
        for sentence in _sentences(paragraph):
            pieces.extend(_shorten(sentence))
    if pieces and len(pieces[0]) > FIRST:
        pieces[0:1] = _first_clause(pieces[0])
    return pieces


def _sentences(paragraph: str) -> list[str]:
    words = [part for word in paragraph.split() for part in _CJK.split(word)]
    found: list[str] = []
    begin = 0
    for index, word in enumerate(words):
        after = words[index + 1] if index + 1 < len(words) else None
        if after is None or (_ENDS.search(word) and _ends_sentence(word, after, first=index == begin)):
            found.append(" ".join(words[begin : index + 1]))
            begin = index + 1
    return found


def _ends_sentence(word: str, after: str, *, first: bool) -> bool:
    """Whether a sentence ends between `word`, which ends like one, and `after`."""
    if after.lstrip("\"'“‘«([")[:1].islower():
        return False
    bare = word.rstrip("\"'”’»)]").lstrip("\"'“‘«([")
    if not bare.endswith("."):
        return True
    if bare.endswith(".."):
        return True
    stem = bare[:-1].lower()
    if stem in _NEVER_LAST:
        return False
    if stem == "no" and after[:1].isdigit():
        return False
    if stem in ("a.m", "p.m"):
        return True
    if _INITIALS.match(bare):
        # "J. R. R. Tolkien" goes on; "I" is a word.
        return stem == "i"
    # "1. Milk": the number of a list belongs to its entry.
    return not (first and stem.isdigit())


def _shorten(sentence: str) -> list[str]:
    """Cut what is longer than LONGEST, at the last clause that fits, else at the last word that fits."""
    pieces: list[str] = []
    words = sentence.split(" ")
    while len(" ".join(words)) > LONGEST and len(words) > 1:
        length, clause, fits = 0, 0, 1
        for index, word in enumerate(words, 1):
            length += len(word) + (index > 1)
            if length > LONGEST:
                break
            fits = index
            if _CLAUSE.search(word):
                clause = index
        cut = clause or fits
        if cut == len(words):
            cut = fits - 1
        pieces.append(" ".join(words[:cut]))
        words = words[cut:]
    pieces.append(" ".join(words))
    return pieces


def _first_clause(sentence: str) -> list[str]:
    words = sentence.split(" ")
    for index in range(1, len(words)):
        head, tail = " ".join(words[:index]), " ".join(words[index:])
        if len(head) >= _LEAST and len(tail) >= _LEAST and _CLAUSE.search(words[index - 1]):
            return [head, tail]
    return [sentence]
