"""Which words of a sentence are which slot: a linear chain over words and intent, trained as an averaged structured
perceptron (Collins 2002) and decoded by Viterbi. The weights are kept as bytes. Only numpy is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.intent.labelled import OUTSIDE, Labelled

_NEVER = -1e9
_LEAST = 2
"""Words with a feature; what is rarer is not learned."""
_LARGEST = 127.0
_Rows = list[NDArray[np.intp]]


class Tagger:
    """Trained on labelled sentences."""

    def __init__(self, sentences: Sequence[Labelled], *, epochs: int = 8, seed: int = 0) -> None:
        self.tags = sorted({tag for sentence in sentences for tag in sentence.tags} | {OUTSIDE})
        features = [_features(sentence.words, sentence.intent) for sentence in sentences]
        counts = Counter(name for words in features for names in words for name in names)
        kept = sorted(name for name, count in counts.items() if count >= _LEAST)
        self._places = {name: place for place, name in enumerate(kept)}
        rows = [self._rows(each) for each in features]
        number = {tag: place for place, tag in enumerate(self.tags)}
        wanted = [np.array([number[tag] for tag in sentence.tags]) for sentence in sentences]
        size = len(self.tags)
        self._allowed = np.array([self._after(before) for before in self.tags])
        self._first = np.array(self._after(OUTSIDE))
        self._weights: NDArray[Any] = np.zeros((len(self._places), size), dtype=np.float32)
        self._chain = np.zeros((size, size), dtype=np.float32)
        self._learn(rows, wanted, epochs, Random(seed))
        scale = np.float32(max(float(np.abs(self._weights).max(initial=0.0)), 1e-9) / _LARGEST)
        self._weights = np.round(self._weights / scale).astype(np.int8)
        self._chain /= scale

    @property
    def size(self) -> int:
        """Bytes of the weights."""
        return self._weights.nbytes + self._chain.nbytes

    def tag(self, words: Sequence[str], intent: str) -> tuple[str, ...]:
        """A tag for each word."""
        rows = self._rows(_features(words, intent))
        return tuple(self.tags[place] for place in self._best(rows)) if rows else ()

    def _after(self, before: str) -> list[float]:
        return [0.0 if not tag.startswith("I-") or before[2:] == tag[2:] else _NEVER for tag in self.tags]

    def _learn(self, rows: Sequence[_Rows], wanted: Sequence[NDArray[np.intp]], epochs: int, random: Random) -> None:
        """Each wrong decision moves the weights; what counts in the end is their average over all steps."""
        late, late_chain = np.zeros_like(self._weights), np.zeros_like(self._chain)
        order = list(range(len(rows)))
        steps = 1
        for _ in range(epochs):
            random.shuffle(order)
            for each in order:
                steps += 1
                found = self._best(rows[each])
                if np.array_equal(found, wanted[each]):
                    continue
                for tags, change in ((wanted[each], 1.0), (found, -1.0)):
                    for at, tag in enumerate(tags):
                        self._weights[rows[each][at], tag] += change
                        late[rows[each][at], tag] += change * steps
                    np.add.at(self._chain, (tags[:-1], tags[1:]), change)
                    np.add.at(late_chain, (tags[:-1], tags[1:]), change * steps)
        self._weights -= late / steps
        self._chain -= late_chain / steps

    def _best(self, rows: _Rows) -> NDArray[np.intp]:
        """The best row of tags (Viterbi)."""
        chain = self._chain + self._allowed
        score = self._weights[rows[0]].sum(axis=0) + self._first
        back: list[NDArray[np.intp]] = []
        for row in rows[1:]:
            ways = score[:, None] + chain
            back.append(ways.argmax(axis=0))
            score = ways.max(axis=0) + self._weights[row].sum(axis=0)
        best = [int(score.argmax())]
        for before in reversed(back):
            best.append(int(before[best[-1]]))
        return np.array(best[::-1], dtype=np.intp)

    def _rows(self, features: Sequence[Sequence[str]]) -> _Rows:
        """The rows of the weights that speak for each word."""
        places = self._places
        return [np.array([places[name] for name in names if name in places], dtype=np.intp) for names in features]


def _features(words: Sequence[str], intent: str) -> list[list[str]]:
    """For each word: itself and what stands around it, alone and together with the intent, and what it looks like."""
    padded = ("<<", "<", *words, ">", ">>")
    found = []
    for at in range(2, len(words) + 2):
        zero, one, word, three, four = padded[at - 2 : at + 3]
        found.append(
            [
                "bias",
                f"i={intent}",
                f"w={word}",
                f"w={word} i={intent}",
                f"w={word} g={intent.partition('_')[0]}",
                f"-1={one}",
                f"-1={one} i={intent}",
                f"+1={three}",
                f"+1={three} i={intent}",
                f"-2={zero}",
                f"-2={zero} -1={one} i={intent}",
                f"+2={four}",
                f"-1={one} w={word}",
                f"w={word} +1={three}",
                f"-2={zero} -1={one}",
                f"+1={three} +2={four}",
                f"-1={one} +1={three}",
                f"-2={zero} -1={one} w={word}",
                f"-1={one} w={word} +1={three}",
                f"w={word} +1={three} +2={four}",
                f"begins={word[:2]}",
                f"begins={word[:3]}",
                f"begins={word[:4]}",
                f"ends={word[-4:]}",
                f"ends={word[-3:]}",
                f"ends={word[-2:]}",
                f"-1 ends={one[-3:]}",
                f"+1 ends={three[-3:]}",
                f"digit={word[0].isdigit()} {len(word)}",
            ]
        )
    return found
