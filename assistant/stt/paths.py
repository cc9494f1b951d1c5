"""What a search along a network of sentences finds: paths, how likely they are, and how they are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from assistant.grammar.network import Place
from assistant.stt.surface import Words


class Step(NamedTuple):
    """One step along a path, newest first: the place reached and the words said to get there."""

    before: Step | None
    place: Place
    words: Words
    token: int = -1
    """In free text the token itself, with no words."""


@dataclass(frozen=True, slots=True)
class Rival:
    """What else it may have been, and by how much (log-probability) that was worse."""

    gap: float
    path: Step | None
    place: Place


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence of the network. `logp` sums over `tokens`, the end included; `cost` is that of free text."""

    path: Step | None
    place: Place
    logp: float
    prior: float
    """How likely the decoder finds the tokens without any sound."""
    cost: float
    tokens: tuple[int, ...]
    rival: Rival | None = None
    ending: float = 0.0
    """Probability that the sentence ends after its last word, as it sounds: the end itself or a full stop."""


@dataclass(frozen=True, slots=True)
class Result:
    """Sentences best first, one for each meaning; and the best beginning of one, as if it had been broken off there."""

    found: tuple[Found, ...]
    broken_off: Found | None


@dataclass(frozen=True, slots=True)
class Settings:
    """How wide and how long to search."""

    beam: int = 6
    """Hypotheses kept at each token that stand at the end of a word."""
    inside: float = 1.0
    """So many times that are kept besides that stand inside a word. Pieces of words are likely until the next piece is
    looked at, and would crowd out whole ones; a step of the decoder costs nearly the same for 4 as for 16."""
    opening: tuple[int, ...] = (32, 20, 14, 10)
    """Width at the first tokens: how a sentence begins is often swallowed, and decides the rest."""
    prior_tokens: int = 4
    """Tokens for which the decoder's own expectation is looked at; the bonus stands for it afterwards."""
    prior_share: float = 0.3
    """Share of the decoder's own expectation that is taken away, because the sentences of a skill are not the English
    it was trained on (internal language model, Meng et al. 2021, arXiv:2011.01991)."""
    judged: int = 4
    """Sentences for which the whole expectation is looked at in the end."""
    judge_share: float = 0.4
    margin: float = 9.0
    """Hypotheses that are so much less likely than the best are given up."""
    bonus: float = 0.8
    """Added per token when sentences of different lengths are compared: short ones are too likely."""
    free_cost: float = 1.5
    """Taken per token of free text, so that the words of a sentence win against the same words in a free slot."""
    onward_cost: float = 1.5
    """Taken besides in sentences that only go on from an answer: "and" and free text fit whatever begins like "can I",
    and hardly ever is anything to go on from."""
    join_cost: float = 4.0
    """Taken per word that joins two requests, so that one request wins against two that sound like it."""
    free_choices: int = 6
    """Tokens tried at each step of free text."""
    max_tokens: int = 60
    """More are not looked for; set it by the length of the sound."""

    def value(self, found: Found) -> float:
        """What sentences are compared by."""
        return self.rank(found.logp, found.prior, found.cost) + self.bonus * len(found.tokens)

    def judge(self, found: Found) -> float:
        """What sentences are compared by once the prior of all tokens is known."""
        return found.logp - self.judge_share * found.prior - found.cost + self.bonus * len(found.tokens)

    def rank(self, logp: float, prior: float, cost: float) -> float:
        """What hypotheses of equal length are compared by."""
        return logp - self.prior_share * prior - cost


def slot_words(path: Step | None) -> list[tuple[int, tuple[str | int, ...]]]:
    """Number of each slot along a path, and its words (of free text the tokens), in the order they were said."""
    found: list[tuple[int, tuple[str | int, ...]]] = []
    before = Place(-1, -1)
    for step in steps(path):
        place = step.place
        if place.slot >= 0:
            said = step.words or (step.token,)
            if (place.net, place.state, place.slot) == (before.net, before.state, before.slot) and found:
                found[-1] = (place.slot, (*found[-1][1], *said))
            else:
                found.append((place.slot, said))
        before = place
    return found


def steps(path: Step | None) -> list[Step]:
    """A path from its beginning."""
    found: list[Step] = []
    while path is not None:
        found.append(path)
        path = path.before
    found.reverse()
    return found
