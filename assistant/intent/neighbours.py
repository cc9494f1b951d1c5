"""The learned sentences themselves, to see how near a new one comes to any of its class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.intent.linear import MEANING_WEIGHT, Features, Vector

_LARGEST = 127.0
_EXAMPLES, _MEANINGS = "examples.npz", "meanings.npy"


class Neighbours:
    """Vectors by class; the meanings as bytes, read from their file where they are needed."""

    def __init__(self, features: Features, vectors: Sequence[Vector], labels: Sequence[int]) -> None:
        order = sorted(range(len(vectors)), key=lambda number: labels[number])
        nothing = Vector(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))
        split = [features.split(vectors[each]) for each in order]
        terms = [each for each, _ in split]
        self._features = features
        self._at = np.concatenate([nothing.at, *(each.at for each in terms)])
        self._values = np.concatenate([nothing.values, *(each.values for each in terms)])
        self._begins = np.cumsum([0, *(len(each.at) for each in terms)], dtype=np.int64)
        self._labels = np.array([labels[each] for each in order], dtype=np.int32)
        meant = np.array([meaning for _, meaning in split]).reshape(len(terms), len(features.middle))
        self._meant = np.round(meant * (_LARGEST / MEANING_WEIGHT)).astype(np.int8)

    def nearest(self, vector: Vector, label: int) -> float:
        """The cosine of the angle to the nearest learned sentence of a class, 0..1."""
        first, last = np.searchsorted(self._labels, [label, label + 1])
        if first == last:
            return 0.0
        terms, meaning = self._features.split(vector)
        dense = np.zeros(len(self._features.terms), dtype=np.float32)
        dense[terms.at] = terms.values
        start, end = self._begins[first], self._begins[last]
        products = np.append(dense[self._at[start:end]] * self._values[start:end], np.float32(0))
        alike = np.add.reduceat(products, self._begins[first:last] - start)
        if len(meaning):
            alike = alike + self._meant[first:last].astype(np.float32) @ meaning * (MEANING_WEIGHT / _LARGEST)
            alike /= 1 + MEANING_WEIGHT**2
        return float(alike.max())

    def save(self, folder: Path) -> None:
        """Raises OSError."""
        path = folder / _EXAMPLES
        np.savez(path, at=self._at, values=self._values, begins=self._begins, labels=self._labels)
        np.save(folder / _MEANINGS, self._meant)

    @classmethod
    def load(cls, folder: Path, features: Features) -> Neighbours:
        """Raises OSError, ValueError or KeyError."""
        found = cls(features, (), ())
        with np.load(folder / _EXAMPLES, allow_pickle=False) as data:
            found._at, found._values = data["at"], data["values"]
            found._begins, found._labels = data["begins"], data["labels"]
        found._meant = np.load(folder / _MEANINGS, mmap_mode="r", allow_pickle=False)
        return found
