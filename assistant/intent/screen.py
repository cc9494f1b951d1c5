"""Which intents are worth a search for a heard text: bounds for all intents at once.

A search costs tens of microseconds; with some hundred intents most must be ruled out without one. For every intent
this finds the least that the words it cannot use will cost, and the most evidence that the others can give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.grammar.heard import Heard
from assistant.intent.search import MANGLED, Costs

_IN_LIST = 0.5
"""A list entry of small words counts for a little more than its words."""
_IN_TEXT = 0.1
_BESIDE_TEXT = 0.75
"""A sentence that takes any words needs at least this much that is its own."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one intent can use."""

    words: frozenset[str]
    has_text: bool
    has_digits: bool
    has_lists: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """`rest[i, p]`: the least that the words from the p-th on cost intent i. `evidence[i]`: the most it can find."""

    rest: NDArray[np.float64]
    evidence: NDArray[np.float64]


class Screen:
    """All intents of a language by the words they can use."""

    def __init__(self, vocabularies: Sequence[Vocabulary]) -> None:
        self._count = len(vocabularies)
        self._intents = _index(vocabulary.words for vocabulary in vocabularies)
        self._text = np.array([each.has_text for each in vocabularies], dtype=bool)
        self._digits = np.array([each.has_digits for each in vocabularies], dtype=bool)
        self._lists = np.array([each.has_lists for each in vocabularies], dtype=bool)

    def bounds(self, heard: Heard, costs: Costs) -> Bounds:
        """The bounds of every intent for these words."""
        length = len(heard)
        rest = np.zeros((self._count, length + 1))
        evidence = np.where(self._lists, _IN_LIST, 0.0)
        own = np.zeros(self._count)
        polite = {at for start, ways in enumerate(costs.skips) for end, _ in ways[1:] for at in range(start, end)}
        for at in range(length):
            lost = min(costs.insertion[at], MANGLED) if costs.strange[at] else costs.insertion[at]
            column = np.where(self._text, 0.0, 0.0 if at in polite else lost)
            gain = np.zeros(self._count)
            if heard.words[at][0].isdigit():
                column[self._digits] = 0.0
                gain[self._digits] = 1.0
            for word, cost in heard.near[at].items():
                usable = self._intents.get(word)
                if usable is not None:
                    column[usable] = np.minimum(column[usable], cost)
                    gain[usable] = np.maximum(gain[usable], costs.sounds.weight(word))
            rest[:, at] = column
            own += gain
            evidence += np.where(self._text, np.maximum(gain, _IN_TEXT), gain)
        evidence[self._text & (own < _BESIDE_TEXT)] = 0.0
        return Bounds(np.cumsum(rest[:, ::-1], axis=1)[:, ::-1], evidence)


def _index(vocabularies: Iterable[frozenset[str]]) -> Mapping[str, NDArray[np.intp]]:
    found: dict[str, list[int]] = {}
    for number, words in enumerate(vocabularies):
        for word in words:
            found.setdefault(word, []).append(number)
    return {word: np.array(numbers, dtype=np.intp) for word, numbers in found.items()}
