"""Which words of a sentence are which slot: a linear chain over words and intent, trained as an averaged structured
perceptron (Collins 2002) and decoded by Viterbi. The weights are kept as bytes. Only numpy is needed.

Where a sentence encoder is at hand, the vectors of the words where they stand speak for the slots, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.intent.labelled import OUTSIDE, Labelled

_NEVER = -1e9
_LEAST = 2
"""Words with a feature; what is rarer is not learned."""
_LARGEST = 127.0
_LENGTH = 4.0
"""Of the mean vector of a word, against 1 for each of its features."""
_Rows = list[NDArray[np.intp]]
_Floats = NDArray[np.float32]


class WordMeanings(Protocol):
    """Sentences to a vector for each of their words, alike for words that mean the same where they stand."""

    def words(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.float32]]: ...


class Tagger:
    """Trained on labelled sentences."""

    def __init__(
        self,
        sentences: Sequence[Labelled],
        meanings: WordMeanings | None = None,
        *,
        epochs: int = 8,
        seed: int = 0,
    ) -> None:
        self._meanings = meanings
        self._middle, self._length = np.zeros(0, dtype=np.float32), 1.0
        meant = self._meant([sentence.words for sentence in sentences])
        if meanings is not None:
            every = np.concatenate(meant)
            self._middle = every.mean(axis=0)
            self._length = _LENGTH / max(float(np.linalg.norm(every - self._middle, axis=1).mean()), 1e-9)
            meant = [(each - self._middle) * self._length for each in meant]
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
        self._meaning = np.zeros((len(self._middle), size), dtype=np.float32)
        self._learn(rows, meant, wanted, epochs, Random(seed))
        scale = np.float32(max(float(np.abs(self._weights).max(initial=0.0)), 1e-9) / _LARGEST)
        self._weights = np.round(self._weights / scale).astype(np.int8)
        self._chain /= scale
        self._meaning /= scale

    @property
    def size(self) -> int:
        """Bytes of the weights."""
        return self._weights.nbytes + self._chain.nbytes + self._meaning.nbytes

    def tag(self, words: Sequence[str], intent: str) -> tuple[str, ...]:
        """A tag for each word."""
        if not words:
            return ()
        (meant,) = self._meant([words])
        if len(self._middle):
            meant = (meant - self._middle) * self._length
        return tuple(self.tags[place] for place in self._best(self._rows(_features(words, intent)), meant))

    def _meant(self, sentences: Sequence[Sequence[str]]) -> list[_Floats]:
        if self._meanings is not None:
            return self._meanings.words(sentences)
        return [np.zeros((len(words), 0), dtype=np.float32) for words in sentences]

    def _after(self, before: str) -> list[float]:
        return [0.0 if not tag.startswith("I-") or before[2:] == tag[2:] else _NEVER for tag in self.tags]

    def _learn(
        self,
        rows: Sequence[_Rows],
        meant: Sequence[_Floats],
        wanted: Sequence[NDArray[np.intp]],
        epochs: int,
        random: Random,
    ) -> None:
        """Each wrong decision moves the weights; what counts in the end is their average over all steps."""
        late, late_chain, late_meaning = (np.zeros_like(each) for each in (self._weights, self._chain, self._meaning))
        order = list(range(len(rows)))
        steps = 1
        for _ in range(epochs):
            random.shuffle(order)
            for each in order:
                steps += 1
                found = self._best(rows[each], meant[each])
                if np.array_equal(found, wanted[each]):
                    continue
                for tags, change in ((wanted[each], 1.0), (found, -1.0)):
                    for at, tag in enumerate(tags):
                        self._weights[rows[each][at], tag] += change
                        late[rows[each][at], tag] += change * steps
                    for at in np.flatnonzero(wanted[each] != found).tolist():
                        self._meaning[:, tags[at]] += change * meant[each][at]
                        late_meaning[:, tags[at]] += change * steps * meant[each][at]
                    np.add.at(self._chain, (tags[:-1], tags[1:]), change)
                    np.add.at(late_chain, (tags[:-1], tags[1:]), change * steps)
        self._weights -= late / steps
        self._chain -= late_chain / steps
        self._meaning -= late_meaning / steps

    def _best(self, rows: _Rows, meant: _Floats) -> NDArray[np.intp]:
        """The best row of tags (Viterbi)."""
        chain = self._chain + self._allowed
        meanings = meant @ self._meaning
        score = self._weights[rows[0]].sum(axis=0) + meanings[0] + self._first
        back: list[NDArray[np.intp]] = []
        for row, meaning in zip(rows[1:], meanings[1:], strict=True):
            ways = score[:, None] + chain
            back.append(ways.argmax(axis=0))
            score = ways.max(axis=0) + self._weights[row].sum(axis=0) + meaning
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
