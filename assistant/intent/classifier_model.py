"""The trained classifier: which intent's examples a sentence is like, and from when on to believe it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.intent.examples import NONE, NUMBER, Example
from assistant.intent.linear import Features, Linear, Meanings, Vector, load_features, save_features
from assistant.intent.neighbours import Neighbours

_FOLDS = 3
_EPOCHS = 6
_CHECK_EPOCHS = 3
_WRONG_OF_NOBODY = 0.01
_WRONG_OF_OTHERS = 0.03
"""Shares of the sentences of held-out lines that may be taken for a wrong intent. What a skill's lines say is held out
here only: a template knows it later, so that less goes wrong."""
_LEADS = np.round(np.arange(0.8, 0.96, 0.05), 2)
"""Not less, whatever the check says: half a sentence fits "on" nearly as well as "off"."""
_NEARNESSES = np.round(np.arange(0.1, 0.71, 0.05), 2)


_SOME_NUMBER = "ten"

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
    def train(cls, examples: Sequence[Example], fits: Fits, meanings: Meanings | None = None) -> Model:
        """Train and set the bar for guesses that are acted on only if the words fit, too. Takes seconds."""
        features, vectors = Features.fit([each.words for each in examples], meanings=_spoken(meanings))
        learned = _Learned(examples, features, vectors)
        bar = _bar(learned, fits)
        return learned.model(range(len(examples)), bar, _EPOCHS)

    def guess(self, words: Sequence[str]) -> Guess:
        """What `essence` of a sentence is most like."""
        vector = self._features.vector(words)
        return self._guess(vector, self._linear.chances(vector))

    def guesses(self, vectors: Sequence[Vector]) -> list[Guess]:
        """The same for many, by their vectors."""
        return [self._guess(*each) for each in zip(vectors, self._linear.chances_of(vectors), strict=True)]

    def _guess(self, vector: Vector, chances: NDArray[np.float32]) -> Guess:
        chances = np.where(self._is_intent, chances, np.float32(0))
        second, best = np.argsort(chances)[-2:].tolist() if len(chances) > 1 else (0, 0)
        lead = float(chances[best] - chances[second]) if second != best else 0.0
        near = self._neighbours.nearest(vector, best) if lead >= _LEADS[0] else 0.0
        return Guess(self.intents[best], lead, near)

    def sure(self, guess: Guess) -> bool:
        """Whether a guess reaches the bar."""
        return guess.intent != NONE and guess.lead >= self.bar.lead and guess.nearness >= self.bar.nearness

    def save(self, folder: Path) -> None:
        """Raises OSError."""
        self._linear.save(folder / "weights.npz")
        self._neighbours.save(folder)
        save_features(self._features, folder / "features.json")
        data = {"intents": self.intents, "lead": self.bar.lead, "nearness": self.bar.nearness}
        (folder / "model.json").write_text(json.dumps(data), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, meanings: Meanings | None = None) -> Model:
        """With the `meanings` that it was trained with. Raises OSError, ValueError or KeyError."""
        data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        features = load_features(folder / "features.json", _spoken(meanings))
        return cls(
            data["intents"],
            features,
            Linear.load(folder / "weights.npz"),
            Neighbours.load(folder, features),
            Bar(float(data["lead"]), float(data["nearness"])),
        )


class _Spoken:
    """Meanings of the essences of sentences: a number is said as some number."""

    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings

    def vectors(self, sentences: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        said = [[_SOME_NUMBER if word == NUMBER else word for word in words] for words in sentences]
        return self._meanings.vectors(said)


def _spoken(meanings: Meanings | None) -> Meanings | None:
    return _Spoken(meanings) if meanings is not None else None


class _Learned:
    """The examples with their vectors, to train on all or on some of them."""

    def __init__(self, examples: Sequence[Example], features: Features, vectors: Sequence[Vector]) -> None:
        self.examples = examples
        self.features = features
        self.vectors = vectors
        self.intents = sorted({each.intent for each in examples} | {NONE})
        numbers = {intent: number for number, intent in enumerate(self.intents)}
        self.labels = [numbers[each.intent] for each in examples]
        self.none = numbers[NONE]

    def model(self, some: Sequence[int], bar: Bar, epochs: int) -> Model:
        """A model trained on some of the examples."""
        vectors, labels = [self.vectors[each] for each in some], [self.labels[each] for each in some]
        known = (len(self.features), len(self.intents))
        linear = Linear.train(vectors, labels, *known, meanings=len(self.features.middle), epochs=epochs)
        kept = [(vector, label) for vector, label in zip(vectors, labels, strict=True) if label != self.none]
        near = Neighbours(self.features, [vector for vector, _ in kept], [label for _, label in kept])
        return Model(self.intents, self.features, linear, near, bar)


def _bar(learned: _Learned, fits: Fits) -> Bar:
    """The bar that lets the most sentences of held-out lines through, with hardly a wrong one."""
    examples = learned.examples
    guesses: list[tuple[Example, Guess]] = []
    for fold in range(_FOLDS):
        rest = [number for number, each in enumerate(examples) if each.line % _FOLDS != fold]
        held = [number for number, each in enumerate(examples) if each.line % _FOLDS == fold]
        if rest:
            model = learned.model(rest, Bar(0.0, 0.0), _CHECK_EPOCHS)
            found = model.guesses([learned.vectors[number] for number in held])
            guesses += zip([examples[number] for number in held], found, strict=True)
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
