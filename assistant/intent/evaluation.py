"""How well the classifier and the slot tagger do on labelled sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.grammar.sound import read_sounds
from assistant.intent.examples import essence
from assistant.intent.labelled import Labelled, spans
from assistant.intent.linear import Features, Linear
from assistant.intent.tagger import Tagger

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


@dataclass(frozen=True, slots=True)
class Report:
    """The result. `slots` counts a slot with exactly its words, `overlapping` one with at least one word in common."""

    sentences: int
    intents: int
    right: int
    slots: F1
    overlapping: F1
    whole: int
    """Sentences with the right intent and exactly the right slots."""
    confused: tuple[tuple[str, str, int], ...]
    """(intent, taken for, how often), the most frequent first."""


def evaluate(train: Sequence[Labelled], test: Sequence[Labelled], language: str = "en") -> Report:
    """Train on one set, try on the other. The tagger is told the intent that was guessed."""
    sounds = read_sounds(language)
    intents = sorted({each.intent for each in train})
    numbers = {intent: number for number, intent in enumerate(intents)}
    said = [essence(each.words, sounds) or each.words for each in train]
    features, vectors = Features.fit(said, _LEAST)
    linear = Linear.train(vectors, [numbers[each.intent] for each in train], len(features), len(intents))
    tagger = Tagger(train)
    confused: Counter[tuple[str, str]] = Counter()
    whole = found = wanted = right = overlap_found = overlap_wanted = 0
    for each in test:
        guess = intents[int(linear.chances(features.vector(essence(each.words, sounds) or each.words)).argmax())]
        confused[each.intent, guess] += 1
        theirs, ours = spans(each.tags), spans(tagger.tag(each.words, guess))
        found, wanted, right = found + len(ours), wanted + len(theirs), right + len(ours & theirs)
        overlap_found += sum(any(_meet(one, two) for two in theirs) for one in ours)
        overlap_wanted += sum(any(_meet(one, two) for two in ours) for one in theirs)
        whole += guess == each.intent and ours == theirs
    worst = [(*pair, count) for pair, count in confused.most_common() if pair[0] != pair[1]]
    return Report(
        sentences=len(test),
        intents=len(intents),
        right=sum(count for (intent, guess), count in confused.items() if intent == guess),
        slots=F1(found, wanted, right),
        overlapping=F1(found, wanted, min(overlap_found, overlap_wanted)),
        whole=whole,
        confused=tuple(worst),
    )


def _meet(one: tuple[int, int, str], two: tuple[int, int, str]) -> bool:
    return one[2] == two[2] and one[0] < two[1] and two[0] < one[1]
