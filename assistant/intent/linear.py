"""A small linear text classifier: TF-IDF of words, word pairs and pieces of words, and a support vector machine.

One class against the rest, squared hinge loss, trained by dual coordinate descent (Hsieh, Chang, Lin, Keerthi,
Sundararajan 2008) for all classes at once; the weights are kept as bytes. Only numpy is needed.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_PIECES = (3, 4)
_PIECE_WEIGHT = 0.5
_PAIR_WEIGHT = 0.8
_BATCH = 64
_COST = 1.0
"""Of a sentence on the wrong side, against the size of the weights (C)."""
_SHARPNESS = 6.0
"""Scores to chances; about the value at which held-out sentences are the least surprising."""
_LARGEST = 127.0
MEANING_WEIGHT = 1.0
"""Of a sentence's meaning as a whole, against 1 for all its terms together."""


class Meanings(Protocol):
    """Sentences to vectors of numbers that are alike for what means the same."""

    def vectors(self, sentences: Sequence[Sequence[str]]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class Vector:
    """A sentence: positions of its features and their values. The length is 1 with those that nobody knows counted."""

    at: NDArray[np.int32]
    values: NDArray[np.float32]


class Features:
    """Turns words to a vector: their terms and, behind these, their meaning where it is known."""

    def __init__(
        self,
        terms: Sequence[str],
        rarity: NDArray[np.float32],
        unseen: float,
        meanings: Meanings | None = None,
        middle: NDArray[np.float32] | None = None,
    ) -> None:
        """`rarity` is the inverse document frequency of each term; `unseen` that of one that was never learned.

        `middle` is the mean of the meanings of all that was learned.
        """
        self.terms = tuple(terms)
        self.rarity = rarity
        self.unseen = unseen
        self.middle = middle if middle is not None else np.zeros(0, dtype=np.float32)
        self._meanings = meanings
        self._places = {term: place for place, term in enumerate(self.terms)}
        self._behind = np.arange(len(self.terms), len(self), dtype=np.int32)

    @classmethod
    def fit(
        cls, sentences: Sequence[Sequence[str]], least: int = 2, meanings: Meanings | None = None
    ) -> tuple[Features, list[Vector]]:
        """Learn the terms that at least `least` sentences have, and how rare they are. Also their vectors."""
        found = [_terms(sentence) for sentence in sentences]
        counts: Counter[str] = Counter()
        for terms in found:
            counts.update(terms.keys())
        known = sorted(term for term, count in counts.items() if count >= least)
        total = len(sentences) + 1
        rarity = np.array([math.log(total / (counts[term] + 1)) + 1 for term in known], dtype=np.float32)
        meant = meanings.vectors(sentences) if meanings else np.zeros((len(sentences), 0), dtype=np.float32)
        middle = meant.mean(axis=0) if len(meant) else None
        features = cls(known, rarity, math.log(total) + 1, meanings, middle)
        return features, [features._whole(*each) for each in zip(found, meant, strict=True)]

    def __len__(self) -> int:
        return len(self.terms) + len(self.middle)

    def vector(self, words: Sequence[str]) -> Vector:
        """The vector of a sentence."""
        meant = self._meanings.vectors([words])[0] if self._meanings else self.middle
        return self._whole(_terms(words), meant)

    def split(self, vector: Vector) -> tuple[Vector, NDArray[np.float32]]:
        """The terms of a vector, and its meaning: empty or of length MEANING_WEIGHT."""
        end = len(vector.at) - len(self.middle)
        return Vector(vector.at[:end], vector.values[:end]), vector.values[end:]

    def _whole(self, terms: Mapping[str, float], meant: NDArray[np.float32]) -> Vector:
        vector = self._vector(terms)
        if not len(self.middle):
            return vector
        meant = meant - self.middle
        meant *= MEANING_WEIGHT / max(float(np.linalg.norm(meant)), 1e-9)
        return Vector(np.append(vector.at, self._behind), np.append(vector.values, meant))

    def _vector(self, terms: Mapping[str, float]) -> Vector:
        at: list[int] = []
        values: list[float] = []
        lost = 0.0
        for term, weight in terms.items():
            place = self._places.get(term)
            if place is None:
                lost += (weight * self.unseen) ** 2
            else:
                at.append(place)
                values.append(weight)
        places = np.array(at, dtype=np.int32)
        found = np.array(values, dtype=np.float32) * self.rarity[places]
        length = math.sqrt(float(found @ found) + lost) or 1.0
        return Vector(places, found / length)


def _terms(words: Sequence[str]) -> dict[str, float]:
    """Term -> weight, growing slowly with how often it occurs."""
    found: Counter[str] = Counter()
    before = "<"
    for word in words:
        found[word] += 1
        found[f"{before} {word}"] += 1
        before = word
        padded = f"^{word}$"
        for size in _PIECES:
            for start in range(len(padded) - size + 1):
                found["~" + padded[start : start + size]] += 1
    found[f"{before} >"] += 1
    return {term: _weight(term) * (1.0 if count == 1 else 1 + math.log(count)) for term, count in found.items()}


def _weight(term: str) -> float:
    if term[0] == "~":
        return _PIECE_WEIGHT
    return _PAIR_WEIGHT if " " in term else 1.0


class Linear:
    """Trained weights: how much each feature speaks for each class."""

    def __init__(self, weights: NDArray[np.int8], scale: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """`weights` are [features, classes], to be multiplied with `scale` [classes]; `bias` [classes]."""
        self._weights = weights
        self._scale = scale
        self._bias = bias

    @classmethod
    def train(
        cls,
        vectors: Sequence[Vector],
        labels: Sequence[int],
        features: int,
        classes: int,
        *,
        meanings: int = 0,
        epochs: int = 6,
        seed: int = 0,
    ) -> Linear:
        """Learn from sentences and the numbers of their classes. The last `meanings` features stand in all of them."""
        terms = features - meanings
        weights = np.zeros((terms, classes), dtype=np.float32)
        # The meaning and the bias stand in every sentence: by class, so that only those that move are touched.
        always = np.zeros((classes, meanings + 1), dtype=np.float32)
        pulls = np.zeros((len(vectors), classes), dtype=np.float32)
        slack = 1 / (2 * _COST)
        ends = [len(vector.at) - meanings for vector in vectors]
        rows = [vector.at[:end] for vector, end in zip(vectors, ends, strict=True)]
        values = [vector.values[:end] for vector, end in zip(vectors, ends, strict=True)]
        others = [np.append(vector.values[end:], np.float32(1)) for vector, end in zip(vectors, ends, strict=True)]
        sizes = [float(v @ v) + float(o @ o) + slack for v, o in zip(values, others, strict=True)]
        order = list(range(len(vectors)))
        random = Random(seed)
        for _ in range(epochs):
            random.shuffle(order)
            for each in order:
                own, other = labels[each], others[each]
                part = weights[rows[each]]
                margins = values[each] @ part
                margins += always @ other
                margins[own] = -margins[own]
                pull = pulls[each]
                # Where the best pull of this sentence on each class is, all others held; never below none.
                best = np.maximum(pull + (1 + margins - slack * pull) / sizes[each], 0)
                change = pull - best
                change[own] = -change[own]
                pulls[each] = best
                moved = change.nonzero()[0]
                part += values[each][:, None] * change
                weights[rows[each]] = part
                always[moved] += change[moved, None] * other
        body, bias = np.vstack([weights, always[:, :-1].T]), always[:, -1]
        scale = np.maximum(np.abs(body).max(axis=0, initial=0.0), 1e-9) / _LARGEST
        return cls(np.round(body / scale).astype(np.int8), scale.astype(np.float32), bias.copy())

    @property
    def size(self) -> int:
        """Bytes of the weights."""
        return self._weights.nbytes + self._scale.nbytes + self._bias.nbytes

    def chances(self, vector: Vector) -> NDArray[np.float32]:
        """How likely each class is, 0..1, together 1."""
        scores = vector.values @ self._weights[vector.at].astype(np.float32)
        return np.asarray(_softmax((scores * self._scale + self._bias)[None, :])[0], dtype=np.float32)

    def chances_of(self, vectors: Sequence[Vector]) -> Iterator[NDArray[np.float32]]:
        """The chances of many sentences, faster."""
        for first in range(0, len(vectors), _BATCH):
            rows, dense = _dense(vectors[first : first + _BATCH])
            scores = dense @ self._weights[rows].astype(np.float32)
            yield from _softmax(scores * self._scale + self._bias)

    def save(self, path: Path) -> None:
        """Raises OSError."""
        np.savez(path, weights=self._weights, scale=self._scale, bias=self._bias)

    @classmethod
    def load(cls, path: Path) -> Linear:
        """Raises OSError, ValueError or KeyError."""
        with np.load(path, allow_pickle=False) as data:
            return cls(data["weights"], data["scale"], data["bias"])


def _dense(vectors: Sequence[Vector]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The features that occur in these sentences, and their values [sentences, features]."""
    rows, where = np.unique(np.concatenate([each.at for each in vectors]), return_inverse=True)
    dense = np.zeros((len(vectors), len(rows)), dtype=np.float32)
    lines = np.repeat(np.arange(len(vectors)), [len(each.at) for each in vectors])
    dense[lines, where] = np.concatenate([each.values for each in vectors])
    return rows, dense


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(_SHARPNESS * (scores - scores.max(axis=1, keepdims=True)))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def save_features(features: Features, path: Path) -> None:
    """Raises OSError."""
    data = {
        "terms": features.terms,
        "rarity": features.rarity.tolist(),
        "unseen": features.unseen,
        "middle": features.middle.tolist(),
    }
    path.write_text(json.dumps(data), encoding="utf-8")


def load_features(path: Path, meanings: Meanings | None = None) -> Features:
    """With the `meanings` that it was fitted with. Raises OSError, ValueError or KeyError."""
    data = json.loads(path.read_text(encoding="utf-8"))
    rarity, middle = (np.array(data[name], dtype=np.float32) for name in ("rarity", "middle"))
    return Features(data["terms"], rarity, float(data["unseen"]), meanings if len(middle) else None, middle)
