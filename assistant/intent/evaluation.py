"""How well the classifier and the slot tagger do on labelled sentences."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.intent.labelled import Labelled, spans
from assistant.intent.linear import Features, Linear, Meanings
from assistant.intent.tagger import Tagger, WordMeanings

_LEAST = 1


@dataclass(frozen=True, slots=True)
class F1:
    """Found, wanted and right ones."""

    found: int
    wanted: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def score(self) -> float:
        both = self.found + self.wanted
        return 2 * self.right / both if both else 0.0

    def __add__(self, other: F1) -> F1:
        return F1(self.found + other.found, self.wanted + other.wanted, self.right + other.right)


@dataclass(frozen=True, slots=True)
class Report:
    """The result. `slots` counts a slot with exactly its words and its name, `overlapping` one with its name and at
    least one word in common."""

    learned: int
    """Sentences."""
    sentences: int
    intents: int
    slots: F1
    overlapping: F1
    whole: int
    """Sentences with the right intent and exactly the right slots."""
    pairs: Counter[tuple[str, str]]
    """(intent, taken for): how often."""
    training: float
    """Processor time, seconds."""
    answering: float
    """Processor time, seconds for all sentences together."""
    size: int
    """Bytes of the trained weights in memory."""

    @property
    def right(self) -> int:
        return sum(count for (intent, guess), count in self.pairs.items() if intent == guess)

    @property
    def accuracy(self) -> float:
        """Each sentence gets one intent, so that this is the micro-averaged F1, too."""
        return self.right / self.sentences

    @property
    def macro(self) -> float:
        """The mean over the intents of their F1."""
        wanted, found = Counter[str](), Counter[str]()
        for (intent, guess), count in self.pairs.items():
            wanted[intent] += count
            found[guess] += count
        each = [F1(found[name], wanted[name], self.pairs[name, name]).score for name in wanted | found]
        return sum(each) / len(each)

    @property
    def confused(self) -> tuple[tuple[str, str, int], ...]:
        """(intent, taken for, how often), the most frequent first."""
        return tuple((*pair, count) for pair, count in self.pairs.most_common() if pair[0] != pair[1])


class Encoder(Meanings, WordMeanings, Protocol):
    """Vectors of sentences and of their words."""


class Remembered:
    """Vectors of an encoder, each worked out once: folds have their sentences in common."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[tuple[str, ...], NDArray[np.float32]] = {}
        self._words: dict[tuple[str, ...], NDArray[np.float16]] = {}

    def vectors(self, sentences: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        keys = [tuple(each) for each in sentences]
        new = [key for key in dict.fromkeys(keys) if key not in self._vectors]
        self._vectors.update(zip(new, self._encoder.vectors(new), strict=True))
        return np.array([self._vectors[key] for key in keys])

    def words(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.float32]]:
        keys = [tuple(each) for each in sentences]
        new = [key for key in dict.fromkeys(keys) if key not in self._words]
        found = self._encoder.words(new)
        self._words.update((key, each.astype(np.float16)) for key, each in zip(new, found, strict=True))
        return [self._words[key].astype(np.float32) for key in keys]


class _WholeAndWords:
    """A sentence's vector, and behind it the mean of those of its words: layers further inside know other things."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def vectors(self, sentences: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        whole = self._encoder.vectors(sentences)
        inside = np.array([each.mean(axis=0) for each in self._encoder.words(sentences)])
        parts = [each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-9) for each in (whole, inside)]
        return np.hstack(parts).astype(np.float32)


def seconds(encoder: Encoder, sentences: Sequence[Labelled]) -> float:
    """Processor time to encode a sentence alone, as a whole and word by word."""
    began = time.process_time()
    for each in sentences:
        encoder.vectors([each.words])
        encoder.words([each.words])
    return (time.process_time() - began) / len(sentences)


class Learner:
    """Learns from labelled sentences. The tagger is told the intent that was guessed."""

    def __init__(self, sentences: Sequence[Labelled], meanings: Encoder | None = None) -> None:
        self.intents = sorted({each.intent for each in sentences})
        both = _WholeAndWords(meanings) if meanings is not None else None
        numbers = {intent: number for number, intent in enumerate(self.intents)}
        self._features, vectors = Features.fit([each.words for each in sentences], _LEAST, both)
        labels = [numbers[each.intent] for each in sentences]
        known = (len(self._features), len(self.intents))
        self._linear = Linear.train(vectors, labels, *known, meanings=len(self._features.middle))
        self._tagger = Tagger(sentences, meanings)

    @property
    def size(self) -> int:
        """Bytes of the weights."""
        return self._linear.size + self._tagger.size

    def understand(self, words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """The intent, and a tag for each word."""
        intent = self.intents[int(self._linear.chances(self._features.vector(words)).argmax())]
        return intent, self._tagger.tag(words, intent)


def evaluate(train: Sequence[Labelled], test: Sequence[Labelled], meanings: Encoder | None = None) -> Report:
    """Train on one set, try on the other. The time of an answer has that of a `Remembered` encoder only once."""
    began = time.process_time()
    learner = Learner(train, meanings)
    trained = time.process_time()
    answers = [learner.understand(each.words) for each in test]
    ended = time.process_time()
    slots = overlapping = F1(0, 0, 0)
    whole = 0
    pairs: Counter[tuple[str, str]] = Counter()
    for each, (guess, tags) in zip(test, answers, strict=True):
        pairs[each.intent, guess] += 1
        theirs, ours = spans(each.tags), spans(tags)
        slots += F1(len(ours), len(theirs), len(ours & theirs))
        met = min(
            sum(any(_meet(a, b) for b in theirs) for a in ours), sum(any(_meet(a, b) for a in ours) for b in theirs)
        )
        overlapping += F1(len(ours), len(theirs), met)
        whole += guess == each.intent and ours == theirs
    times = (trained - began, ended - trained)
    return Report(
        len(train), len(test), len(learner.intents), slots, overlapping, whole, pairs, *times, size=learner.size
    )


def folds(sentences: Sequence[Labelled], count: int) -> Iterator[tuple[list[Labelled], list[Labelled]]]:
    """What to train on and what to try, `count` times: each sentence is tried once, each intent spread evenly.

    The same each time. Sentences that are the same to the word stay together.
    """
    alike: dict[tuple[str, tuple[str, ...]], list[Labelled]] = {}
    for each in sentences:
        alike.setdefault((each.intent, each.words), []).append(each)
    keys = sorted(alike)
    Random(0).shuffle(keys)
    keys.sort(key=lambda key: key[0])
    parts: list[list[Labelled]] = [[] for _ in range(count)]
    for number, key in enumerate(keys):
        parts[number % count] += alike[key]
    for held in range(count):
        yield [each for number, part in enumerate(parts) if number != held for each in part], parts[held]


def together(reports: Sequence[Report]) -> Report:
    """The results of several folds as one; training, answering and size are those of the mean fold."""
    pairs: Counter[tuple[str, str]] = Counter()
    for report in reports:
        pairs.update(report.pairs)
    count = len(reports)
    return Report(
        learned=sum(each.learned for each in reports) // count,
        sentences=sum(each.sentences for each in reports),
        intents=max(each.intents for each in reports),
        slots=sum((each.slots for each in reports), F1(0, 0, 0)),
        overlapping=sum((each.overlapping for each in reports), F1(0, 0, 0)),
        whole=sum(each.whole for each in reports),
        pairs=pairs,
        training=sum(each.training for each in reports) / count,
        answering=sum(each.answering for each in reports),
        size=sum(each.size for each in reports) // count,
    )


def _meet(one: tuple[int, int, str], two: tuple[int, int, str]) -> bool:
    return one[2] == two[2] and one[0] < two[1] and two[0] < one[1]
