"""Beam search of the decoder along a network of sentences: only what the skills understand can be heard.

A hypothesis is a row of tokens and all the ways the network can read it. Hypotheses that have come to the same places
are one (the better goes on), so that other spellings and equal beginnings do not use up the beam. What the loser had
said is kept as rival: how much better the winner was tells how sure the search is.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from assistant.grammar.network import START, Place
from assistant.stt.moonshine_model import Cache, Floats, Heard, Tokens, log_softmax
from assistant.stt.surface import Node, Surface, Words
from assistant.stt.tokenizer import EOS


class Decoder(Protocol):
    """The part of the model that a search needs (see `MoonshineModel.step`)."""

    def step(self, heard: Heard, tokens: Tokens, cache: Cache) -> tuple[Floats, Cache]: ...


class Step(NamedTuple):
    """One step along a path, newest first: the place reached and the words said to get there."""

    before: Step | None
    place: Place
    words: Words
    token: int = -1
    """In free text the token itself, with no words."""


class Reading(NamedTuple):
    """A way to read the tokens of a hypothesis."""

    place: Place
    """The place last passed."""
    node: Node
    """How far into the tree of that place."""
    path: Step | None
    cost: float
    """What free text has cost; the words of a sentence cost nothing."""
    between: bool
    """Between two words, so that the sentence may end here if the place allows."""


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
    cost: float
    tokens: tuple[int, ...]
    rival: Rival | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Sentences best first, one for each meaning; and the best beginning of one, as if it had been broken off there."""

    found: tuple[Found, ...]
    broken_off: Found | None


@dataclass(frozen=True, slots=True)
class Settings:
    """How wide and how long to search."""

    beam: int = 6
    opening: int = 16
    """Width for the first `opening_tokens`: how a sentence begins is often swallowed, and decides the rest."""
    opening_tokens: int = 4
    margin: float = 12.0
    """Hypotheses that are so much less likely than the best are given up."""
    bonus: float = 0.8
    """Added per token when sentences of different lengths are compared: short ones are too likely."""
    free_cost: float = 0.7
    """Taken per token of free text, so that the words of a sentence win against the same words in a free slot."""
    free_choices: int = 6
    """Tokens tried at each step of free text."""
    max_tokens: int = 60

    def value(self, found: Found) -> float:
        """What sentences are compared by."""
        return found.logp - found.cost + self.bonus * len(found.tokens)


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    tokens: tuple[int, ...]
    logp: float
    readings: tuple[Reading, ...]
    row: int
    stopped: bool = False
    """A full stop has been written; only the end can follow."""
    rival: Rival | None = None

    @property
    def best(self) -> Reading:
        return min(self.readings, key=lambda reading: reading.cost)

    @property
    def rank(self) -> float:
        return self.logp - self.best.cost


_Key: TypeAlias = frozenset[tuple[Place, Node, bool, bool]]
"""Hypotheses with the same future have the same key."""
_LAST_TEXT = 32_000
"""Tokens from here on are control entries."""
_HORIZON = 6
"""Tokens by which a hypothesis may still grow when it is judged whether it can win."""


class Search:
    """One search. `run` once."""

    def __init__(self, decoder: Decoder, surface: Surface, settings: Settings) -> None:
        self._decoder = decoder
        self._surface = surface
        self._settings = settings
        self._found: list[Found] = []
        self._broken_off: Found | None = None
        self._seen: dict[_Key, float] = {}

    def run(self, heard: Heard, first: Floats, cache: Cache) -> Result:
        """Search from `first`, the log-probabilities (V,) of the first token, and the decoder's memory before it."""
        root = Reading(START, self._surface.tree(START), None, 0.0, False)
        beam = [_Hypothesis((), 0.0, (root,), 0)]
        scores = first[None]
        for _ in range(self._settings.max_tokens):
            beam = self._advance(beam, scores)
            if not beam:
                break
            rows = np.array([hypothesis.row for hypothesis in beam], np.intp)
            tokens = np.array([hypothesis.tokens[-1] for hypothesis in beam], np.int64)
            logits, cache = self._decoder.step(heard, tokens, cache.take(rows))
            scores = log_softmax(logits)
        return Result(self._ranked(), self._broken_off)

    def _advance(self, beam: list[_Hypothesis], scores: Floats) -> list[_Hypothesis]:
        """Every hypothesis by one token; the best of them, and what ended on the way."""
        grown: list[_Hypothesis] = []
        for row, (hypothesis, logp) in enumerate(zip(beam, scores, strict=True)):
            self._end(hypothesis, float(logp[EOS]))
            if not hypothesis.stopped:
                grown += self._grow(hypothesis, logp, row)
        merged: dict[_Key, _Hypothesis] = {}
        for one in sorted(grown, key=lambda one: -one.rank):
            key: _Key = frozenset(
                (reading.place, reading.node, reading.between, one.stopped) for reading in one.readings
            )
            winner = merged.get(key)
            if winner is None:
                merged[key] = one
            elif winner.rival is None:
                merged[key] = replace(winner, rival=_rival(winner, one))
        best = max(map(self._settings.value, self._found), default=-math.inf)
        settings = self._settings
        width = settings.opening if len(beam[0].tokens) < settings.opening_tokens else settings.beam
        least = max((one.rank for one in merged.values()), default=0.0) - settings.margin
        kept: list[_Hypothesis] = []
        for key, one in merged.items():
            value = one.rank + self._settings.bonus * len(one.tokens)
            if len(kept) < width and one.rank >= least and value > self._seen.get(key, -math.inf):
                if value + self._settings.bonus * _HORIZON > best:
                    kept.append(one)
                self._seen[key] = value
        return kept

    def _grow(self, hypothesis: _Hypothesis, logp: Floats, row: int) -> Iterator[_Hypothesis]:
        """All good ways to go on with one more token."""
        readings: dict[int, list[Reading]] = {}
        stops = False
        for reading in hypothesis.readings:
            nexts = reading.node.next
            for token in self._likely(reading.node.ids, logp):
                readings.setdefault(token, []).extend(self._after(reading, nexts[token], token))
            if reading.between:
                here = self._surface.network.nexts(reading.place)
                stops = stops or bool(here.intents)
                if here.free:
                    for token in self._likely(_ALL_TEXT, logp, self._settings.free_choices):
                        readings.setdefault(token, []).extend(self._free(reading, here.free, token))
        for token, found in readings.items():
            if not found:
                continue
            yield _Hypothesis(
                (*hypothesis.tokens, token),
                hypothesis.logp + float(logp[token]),
                tuple(found),
                row,
                False,
                hypothesis.rival,
            )
        if stops:
            ending = tuple(reading for reading in hypothesis.readings if self._may_end(reading))
            for token in self._surface.stops:
                yield _Hypothesis(
                    (*hypothesis.tokens, token),
                    hypothesis.logp + float(logp[token]),
                    ending,
                    row,
                    True,
                    hypothesis.rival,
                )

    def _likely(self, ids: npt.NDArray[np.int64], logp: Floats, count: int = 0) -> list[int]:
        """The most likely of some tokens."""
        count = count or 2 * self._settings.beam
        if len(ids) <= count:
            return [int(token) for token in ids]
        best = np.argpartition(logp[ids], len(ids) - count)[-count:]
        return [int(token) for token in ids[best]]

    def _after(self, reading: Reading, node: Node, token: int) -> Iterator[Reading]:
        """A reading with one token more: still inside a word, or at the places behind it."""
        if len(node.ids):
            yield Reading(reading.place, node, reading.path, reading.cost, False)
        for words, places in node.ends:
            for place in places:
                yield Reading(place, self._surface.tree(place), Step(reading.path, place, words), reading.cost, True)

    def _free(self, reading: Reading, places: tuple[Place, ...], token: int) -> Iterator[Reading]:
        for place in places:
            step = Step(reading.path, place, (), token)
            yield Reading(place, self._surface.tree(place), step, reading.cost + self._settings.free_cost, True)

    def _may_end(self, reading: Reading) -> bool:
        return reading.between and bool(self._surface.network.nexts(reading.place).intents)

    def _end(self, hypothesis: _Hypothesis, logp: float) -> None:
        """Keep what the hypothesis is if it ends here."""
        tokens = (*hypothesis.tokens, EOS)
        for reading in hypothesis.readings:
            if not (reading.between or hypothesis.stopped):
                continue
            found = Found(reading.path, reading.place, hypothesis.logp + logp, reading.cost, tokens, hypothesis.rival)
            if self._surface.network.nexts(reading.place).intents:
                self._found.append(found)
            elif self._broken_off is None or self._settings.value(found) > self._settings.value(self._broken_off):
                self._broken_off = found

    def _ranked(self) -> tuple[Found, ...]:
        """Best first, each with the nearest other meaning as its rival."""
        best: dict[Hashable, Found] = {}
        for found in sorted(self._found, key=lambda found: -self._settings.value(found)):
            best.setdefault(self.meaning(found), found)
        return tuple(best.values())

    def meaning(self, found: Found) -> Hashable:
        """What makes two sentences different requests: the intents and what is in the slots."""
        return self._surface.network.nexts(found.place).intents, tuple(slot_words(found.path))


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


def _rival(winner: _Hypothesis, loser: _Hypothesis) -> Rival | None:
    """The loser, if it said something else in a slot."""
    ours, theirs = winner.best, loser.best
    if slot_words(ours.path) == slot_words(theirs.path):
        return None
    return Rival(winner.rank - loser.rank, theirs.path, theirs.place)


_ALL_TEXT = np.arange(3, _LAST_TEXT, dtype=np.int64)
