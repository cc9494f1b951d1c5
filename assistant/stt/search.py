"""Beam search of the decoder along a network of sentences: only what the skills understand can be heard.

A hypothesis is a row of tokens and all the ways the network can read it. Hypotheses that have come to the same places
are one (the better goes on), so that other spellings and equal beginnings do not use up the beam. What the loser had
said is kept as rival: how much better the winner was tells how sure the search is.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from assistant.grammar.network import JOINED, START, Place
from assistant.stt.guard import loops
from assistant.stt.moonshine_model import Cache, Floats, Heard, Tokens
from assistant.stt.paths import Found, Result, Rival, Settings, Step, slot_words
from assistant.stt.surface import Node, Surface
from assistant.stt.tokenizer import EOS


class Decoder(Protocol):
    """The part of the model that a search needs (see `MoonshineModel.step`)."""

    def step(self, heard: Heard, tokens: Tokens, cache: Cache) -> tuple[Floats, Cache]:
        """One token more for each hypothesis: log-probabilities (B, V) of the next, and the new cache."""
        ...

    def score(self, heard: Heard, sentences: Sequence[Sequence[int]]) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class Prior:
    """What the decoder expects before it has heard anything: encoded silence, and the start of decoding it."""

    heard: Heard
    first: Floats
    """Log-probabilities (V,) of the first token."""
    cache: Cache


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
class _Hypothesis:
    tokens: tuple[int, ...]
    logp: float
    prior: float
    readings: tuple[Reading, ...]
    row: int
    rank: float
    stopped: bool = False
    """A full stop has been written; only the end can follow."""
    ending: float = 0.0
    """See `Found`; of a hypothesis that has stopped."""
    rival: Rival | None = None

    @property
    def best(self) -> Reading:
        return min(self.readings, key=lambda reading: reading.cost)


_Way: TypeAlias = tuple[Reading, tuple[Place, ...]]
"""A reading that can go on with a token: along its tree, or as free text at these places."""


class _Candidate(NamedTuple):
    """A token that may follow; most are given up before anything else is made of them."""

    rank: float
    token: int
    row: int
    logp: float
    prior: float
    stopped: bool
    ending: float
    sources: list[_Way]


_Key: TypeAlias = frozenset[tuple[Place, Node, bool, bool]]
"""Hypotheses with the same future have the same key."""
_LAST_TEXT = 32_000
"""Tokens from here on are control entries."""
_NEAR = 3.0
"""What is given up by less than this may still be the nearest other meaning of what is kept."""
_HORIZON = 6
"""Tokens by which a hypothesis may still grow when it is judged whether it can win."""


class Search:
    """One search. `run` once."""

    def __init__(self, decoder: Decoder, surface: Surface, prior: Prior, settings: Settings) -> None:
        self._decoder = decoder
        self._prior = prior
        self._surface = surface
        self._settings = settings
        self._found: list[Found] = []
        self._broken_off: Found | None = None
        self._seen: dict[_Key, float] = {}

    def run(self, heard: Heard, first: Floats, cache: Cache) -> Result:
        """Search from `first`, the log-probabilities (V,) of the first token, and the decoder's memory before it."""
        root = Reading(START, self._surface.tree(START), None, 0.0, False)
        beam = [_Hypothesis((), 0.0, 0.0, (root,), 0, 0.0)]
        scores = first[None]
        priors: Floats | None = self._prior.first[None]
        silent = self._prior.cache
        for length in range(1, self._settings.max_tokens):
            beam = self._advance(beam, scores, priors)
            if not beam:
                break
            rows = np.array([hypothesis.row for hypothesis in beam], np.intp)
            tokens = np.array([hypothesis.tokens[-1] for hypothesis in beam], np.int64)
            scores, cache = self._decoder.step(heard, tokens, cache.take(rows))
            priors = None
            if length < self._settings.prior_tokens:
                priors, silent = self._decoder.step(self._prior.heard, tokens, silent.take(rows))
        return Result(self._ranked(), self._broken_off)

    def retrace(self, tokens: Sequence[int], logps: Sequence[float]) -> Result | None:
        """The result if free text, token by token, already is one sentence of the network, and only one; else None.

        `logps` has one entry more than `tokens`, for the end. The gap to a rival is what the least sure token leaves.
        """
        readings = [Reading(START, self._surface.tree(START), None, 0.0, False)]
        for place, token in enumerate(tokens):
            after = [
                found
                for reading in readings
                if (node := reading.node.next(token)) is not None
                for found in self._after(reading, node)
            ]
            if not after and token in self._surface.stops and place == len(tokens) - 1:
                break
            readings = after
        ends = [reading for reading in readings if self._may_end(reading)]
        gap = min(logp - math.log(max(1e-9, -math.expm1(min(logp, -1e-9)))) for logp in logps)
        for reading in ends:
            self._found.append(
                Found(
                    path=reading.path,
                    place=reading.place,
                    logp=sum(logps),
                    prior=0.0,
                    cost=0.0,
                    tokens=(*tokens, EOS),
                    rival=Rival(gap, reading.path, reading.place),
                    ending=math.exp(logps[-2 if tokens[-1] in self._surface.stops else -1]),
                )
            )
        found = self._ranked()
        return Result(found, None) if len(found) == 1 else None

    def _advance(self, beam: list[_Hypothesis], scores: Floats, priors: Floats | None) -> list[_Hypothesis]:
        """Every hypothesis by one token; the best of them, and what ended on the way."""
        grown: list[_Candidate] = []
        for row, (hypothesis, logp) in enumerate(zip(beam, scores, strict=True)):
            prior = None if priors is None else priors[row]
            ending = hypothesis.ending if hypothesis.stopped else self._ending(logp)
            self._end(hypothesis, float(logp[EOS]), 0.0 if prior is None else float(prior[EOS]), ending)
            if not hypothesis.stopped:
                grown += self._grow(hypothesis, logp, prior, ending, row)
        grown.sort(key=lambda candidate: -candidate.rank)
        merged: dict[_Key, _Hypothesis] = {}
        floor = -math.inf
        for candidate in grown:
            if candidate.rank < floor:
                break
            hypothesis = beam[candidate.row]
            if loops((*hypothesis.tokens[-24:], candidate.token)):
                continue
            one = self._follow(hypothesis, candidate)
            if not one.readings:
                # Digits that lead nowhere.
                continue
            if not merged:
                floor = candidate.rank - self._settings.margin - _NEAR
            key: _Key = frozenset(
                (reading.place, reading.node, reading.between, one.stopped) for reading in one.readings
            )
            winner = merged.get(key)
            if winner is None:
                merged[key] = one
            elif winner.rival is None:
                merged[key] = replace(winner, rival=self._rival(winner, one))
        best = max(map(self._settings.value, self._found), default=-math.inf)
        settings = self._settings
        length = len(beam[0].tokens) if beam else 0
        width = settings.opening[length] if length < len(settings.opening) else settings.beam
        least = max((one.rank for one in merged.values()), default=0.0) - settings.margin
        kept: list[_Hypothesis] = []
        room = {True: width, False: round(width * settings.inside)}
        for key, one in merged.items():
            value = one.rank + self._settings.bonus * len(one.tokens)
            likely = one.rank >= least and value + settings.bonus * _HORIZON > best
            whole = any(reading.between for reading in one.readings)
            if likely and room[whole] and value > self._seen.get(key, -math.inf):
                room[whole] -= 1
                kept.append(one)
                # In free text every word leads to where it came from.
                if not any(self._is_free(reading) for reading in one.readings):
                    self._seen[key] = value
        return kept

    def _grow(
        self, hypothesis: _Hypothesis, logp: Floats, prior: Floats | None, ending: float, row: int
    ) -> Iterator[_Candidate]:
        """All good ways to go on with one more token."""
        ways: dict[int, list[_Way]] = {}
        stops = False
        weighed = logp if prior is None else logp - self._settings.prior_share * prior
        for reading in hypothesis.readings:
            for token in self._likely(reading.node.ids, weighed):
                ways.setdefault(token, []).append((reading, ()))
            if reading.between:
                here = self._surface.network.nexts(reading.place)
                stops = stops or bool(here.intents)
                if here.free:
                    for token in self._likely(_ALL_TEXT, weighed, self._settings.free_choices):
                        ways.setdefault(token, []).append((reading, here.free))
        if stops:
            over: list[_Way] = [(reading, ()) for reading in hypothesis.readings if self._may_end(reading)]
            ways.update((token, over) for token in self._surface.stops)
        for token, sources in ways.items():
            total = hypothesis.logp + float(logp[token])
            expected = hypothesis.prior + (0.0 if prior is None else float(prior[token]))
            cost = min(reading.cost + min(map(self._free_cost, free), default=0.0) for reading, free in sources)
            stopped = token in self._surface.stops
            rank = self._settings.rank(total, expected, cost)
            yield _Candidate(rank, token, row, total, expected, stopped, ending if stopped else 0.0, sources)

    def _follow(self, hypothesis: _Hypothesis, candidate: _Candidate) -> _Hypothesis:
        """The hypothesis after one more token."""
        token = candidate.token
        readings: list[Reading] = []
        for reading, free in candidate.sources:
            if candidate.stopped:
                readings.append(reading)
            elif free:
                readings.extend(self._free(reading, free, token))
            elif (node := reading.node.next(token)) is not None:
                readings.extend(self._after(reading, node))
        return _Hypothesis(
            tokens=(*hypothesis.tokens, token),
            logp=candidate.logp,
            prior=candidate.prior,
            readings=tuple(readings),
            row=candidate.row,
            rank=candidate.rank,
            stopped=candidate.stopped,
            ending=candidate.ending,
            rival=hypothesis.rival,
        )

    def _likely(self, ids: npt.NDArray[np.int64], logp: Floats, count: int = 0) -> list[int]:
        """The most likely of some tokens."""
        count = count or self._settings.opening[0]
        if len(ids) > count:
            ids = ids[np.argpartition(logp[ids], len(ids) - count)[-count:]]
        found: list[int] = ids.tolist()
        return found

    def _after(self, reading: Reading, node: Node) -> Iterator[Reading]:
        """A reading with one token more: still inside a word, or at the places behind it."""
        if not node.leaf:
            yield Reading(reading.place, node, reading.path, reading.cost, False)
        for words, places in node.ends:
            for place in places:
                cost = reading.cost + (self._settings.join_cost if place.net == JOINED else 0.0)
                yield Reading(place, self._surface.tree(place), Step(reading.path, place, words), cost, True)

    def _free(self, reading: Reading, places: tuple[Place, ...], token: int) -> Iterator[Reading]:
        for place in places:
            step = Step(reading.path, place, (), token)
            yield Reading(place, self._surface.tree(place), step, reading.cost + self._free_cost(place), True)

    def _free_cost(self, place: Place) -> float:
        """Of a token of free text."""
        onward = self._surface.network.goes_on(place)
        return self._settings.free_cost + (self._settings.onward_cost if onward else 0.0)

    def _is_free(self, reading: Reading) -> bool:
        slot = self._surface.network.slot_of(reading.place)
        return slot is not None and slot.machine is None

    def _may_end(self, reading: Reading) -> bool:
        return reading.between and bool(self._surface.network.nexts(reading.place).intents)

    def _ending(self, logp: Floats) -> float:
        """How likely a sentence is over, if it may be."""
        return float(np.exp(logp[self._surface.ends]).sum())

    def _end(self, hypothesis: _Hypothesis, logp: float, prior: float, ending: float) -> None:
        """Keep what the hypothesis is if it ends here."""
        tokens = (*hypothesis.tokens, EOS)
        for reading in hypothesis.readings:
            if not (reading.between or hypothesis.stopped):
                continue
            found = Found(
                path=reading.path,
                place=reading.place,
                logp=hypothesis.logp + logp,
                prior=hypothesis.prior + prior,
                cost=reading.cost,
                tokens=tokens,
                rival=hypothesis.rival,
                ending=ending,
            )
            if self._surface.network.nexts(reading.place).intents:
                self._found.append(found)
            elif self._is_free(reading):
                # Free text fits everything, so its beginning says nothing.
                continue
            elif self._broken_off is None or self._settings.value(found) > self._settings.value(self._broken_off):
                self._broken_off = found

    def _ranked(self) -> tuple[Found, ...]:
        """Best first, each with the nearest other meaning as its rival."""
        best: dict[Hashable, Found] = {}
        for found in sorted(self._found, key=lambda found: -self._settings.value(found)):
            best.setdefault(self.meaning(found), found)
        chosen = list(best.values())[: self._settings.judged]
        if chosen:
            priors = self._decoder.score(self._prior.heard, [found.tokens for found in chosen])
            chosen = [replace(found, prior=prior) for found, prior in zip(chosen, priors, strict=True)]
            chosen.sort(key=lambda found: -self._settings.judge(found))
        return tuple(chosen)

    def meaning(self, found: Found) -> Hashable:
        """What makes two sentences different requests: the intents and what is in the slots."""
        return self._surface.network.nexts(found.place).intents, self._said(found.path)

    def _said(self, path: Step | None) -> Hashable:
        """What is in the slots; two spellings of a word are one."""
        same = self._surface.same
        return tuple((slot, tuple(same.get(word, word) for word in words)) for slot, words in slot_words(path))

    def _rival(self, winner: _Hypothesis, loser: _Hypothesis) -> Rival | None:
        """The loser, if it said something else in a slot."""
        ours, theirs = winner.best, loser.best
        if self._said(ours.path) == self._said(theirs.path):
            return None
        return Rival(winner.rank - loser.rank, theirs.path, theirs.place)


_ALL_TEXT = np.arange(3, _LAST_TEXT, dtype=np.int64)
