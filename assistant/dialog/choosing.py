"""The answer to "this or that?": a place in the row, some words that only one of them has, or none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal


def choose(said: str, titles: Sequence[str], places: Mapping[str, str]) -> int | Literal["none"] | None:
    """Which of the titles is meant. "none": neither of them. None: the words do not tell.

    `places` are words for a place in the row ("first": "0", "last": "-1") or for "none".
    """
    words = said.lower().replace(",", " ").strip(" .!?").split()
    scores = [_shared(words, title, titles) for title in titles]
    best = max(scores, default=0)
    if best and scores.count(best) == 1:
        return scores.index(best)
    meant = {places[word] for word in words if word in places}
    if "none" in meant:
        return "none"
    rows = {int(place) % len(titles) for place in meant if -len(titles) <= int(place) < len(titles)}
    return rows.pop() if len(rows) == 1 else None


def _shared(words: Sequence[str], title: str, titles: Sequence[str]) -> int:
    """How many of the words are in this title and not in all of them."""
    common = set.intersection(*(set(each.lower().split()) for each in titles))
    return len({word for word in words if word in title.lower().split()} - common)
