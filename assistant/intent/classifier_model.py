"""The trained classifier: which intent's examples a sentence is like, and from when on to believe it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.intent.examples import NONE, Example
from assistant.intent.linear import Features, Linear, Neighbours, Vector, load_features, save_features

_FOLDS = 3
_EPOCHS = 12
_CHECK_EPOCHS = 7
_WRONG_OF_NOBODY = 0.01
_WRONG_OF_OTHERS = 0.03
"""Shares of the sentences of held-out lines that may be taken for a wrong intent. What a skill's lines say is held out
here only: a template knows it later, so that less goes wrong."""
_LEADS = np.round(np.arange(0.35, 0.96, 0.05), 2)
"""Not less, whatever the check says: half a sentence fits "on" nearly as well as "off"."""
_NEARNESSES = np.round(np.arange(0.1, 0.71, 0.05), 2)


Fits = Callable[[Example, str], bool]
"""Whether the words of an example bear out that they are for an intent."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a guess has to reach: its lead, and how near an example of its intent comes."""

    lead: float
    nearness: float


@dataclass(frozen=True, slots=True)
class Guess:
    """The most likely intent, and how much likelier it is than the next.

    The lead is small, too, where the sentence is more likely for nobody.
    """

    intent: str
    lead: float
    nearness: float


class Model:
    """Trained on examples. `bar` was found by cross-validation on template lines that were held out."""

    def __init__(
        self, intents: Sequence[str], features: Features, linear: Linear, neighbours: Neighbours, bar: Bar
    ) -> None:
        self.intents = tuple(intents)
        self.bar = bar
        self._features = features
        self._linear = linear
        self._neighbours = neighbours
        self._is_intent = np.array([intent != NONE for intent in intents])

    @classmethod
    def train(cls, examples: Sequence[Example], fits: Fits) -> Model:
        """Train and set the bar for guesses that are acted on only if the words fit, too. Takes seconds."""
        return cls._fit(examples, _bar(examples, fits), _EPOCHS)

    @classmethod
    def _fit(cls, examples: Sequence[Example], bar: Bar, epochs: int) -> Model:
        features = Features.fit([each.words for each in examples])
        vectors = [features.vector(each.words) for each in examples]
        intents = sorted({each.intent for each in examples} | {NONE})
        numbers = {intent: number for number, intent in enumerate(intents)}
        labels = [numbers[each.intent] for each in examples]
        linear = Linear.train(vectors, labels, len(features), len(intents), epochs=epochs)
        return cls(intents, features, linear, _neighbours(vectors, labels, numbers[NONE]), bar)

    def guess(self, words: Sequence[str]) -> Guess:
        """What `essence` of a sentence is most like."""
        vector = self._features.vector(words)
        chances = np.where(self._is_intent, self._linear.chances(vector), 0.0)
        second, best = np.argsort(chances)[-2:].tolist() if len(chances) > 1 else (0, 0)
        lead = float(chances[best] - chances[second]) if second != best else 0.0
        return Guess(self.intents[best], lead, self._neighbours.nearest(vector, best, len(self._features)))

    def sure(self, guess: Guess) -> bool:
        """Whether a guess reaches the bar."""
        return guess.intent != NONE and guess.lead >= self.bar.lead and guess.nearness >= self.bar.nearness

    def save(self, folder: Path) -> None:
        """Raises OSError."""
        self._linear.save(folder / "weights.npz")
        self._neighbours.save(folder / "examples.npz")
        save_features(self._features, folder / "features.json")
        data = {"intents": self.intents, "lead": self.bar.lead, "nearness": self.bar.nearness}
        (folder / "model.json").write_text(json.dumps(data), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Raises OSError, ValueError or KeyError."""
        data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        return cls(
            data["intents"],
            load_features(folder / "features.json"),
            Linear.load(folder / "weights.npz"),
            Neighbours.load(folder / "examples.npz"),
            Bar(float(data["lead"]), float(data["nearness"])),
        )


def _neighbours(vectors: Sequence[Vector], labels: Sequence[int], none: int) -> Neighbours:
    kept = [(vector, label) for vector, label in zip(vectors, labels, strict=True) if label != none]
    return Neighbours([vector for vector, _ in kept], [label for _, label in kept])


def _bar(examples: Sequence[Example], fits: Fits) -> Bar:
    """The bar that lets the most sentences of held-out lines through, with hardly a wrong one."""
    guesses: list[tuple[Example, Guess]] = []
    for fold in range(_FOLDS):
        rest = [each for each in examples if each.line % _FOLDS != fold]
        if rest:
            model = Model._fit(rest, Bar(0.0, 0.0), _CHECK_EPOCHS)
            guesses += [(each, model.guess(each.words)) for each in examples if each.line % _FOLDS == fold]
    guesses = [(each, guess) for each, guess in guesses if guess.lead >= _LEADS[0]]
    right = np.array([each.intent == guess.intent for each, guess in guesses], dtype=bool)
    wrong = ~right & np.array(
        [each.intent != guess.intent and fits(each, guess.intent) for each, guess in guesses], dtype=bool
    )
    nobody = np.array([each.intent == NONE for each, _ in guesses], dtype=bool)
    leads = np.array([guess.lead for _, guess in guesses])
    near = np.array([guess.nearness for _, guess in guesses])
    of_nobody = sum(each.intent == NONE for each in examples)
    most = {True: _WRONG_OF_NOBODY * of_nobody, False: _WRONG_OF_OTHERS * (len(examples) - of_nobody)}
    best: tuple[int, Bar] = (-1, Bar(float(_LEADS[-1]), float(_NEARNESSES[-1])))
    for least in _LEADS:
        for nearest in _NEARNESSES:
            taken = (leads >= least) & (near >= nearest)
            if all(np.count_nonzero(taken & wrong & (nobody == kind)) <= most[kind] for kind in most):
                count = int(np.count_nonzero(taken & right))
                if count > best[0]:
                    best = (count, Bar(float(least), float(nearest)))
    return best[1]
