"""Words read along the skills' sentences: what they ask for comes from the path itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from assistant.grammar.machine import Machine
from assistant.grammar.network import JOINED, START, Network, Place
from assistant.stt.engine import HeardSlot, Outlook

MOST_PAIRS = 40_000
"""With more a recogniser is given the words alone, not which may follow which."""
MOST_STATES = 4_000
"""States of a slot's value that are looked at; typed values have words that they repeat without end."""


class _Path(NamedTuple):
    before: _Path | None
    place: Place
    word: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence that the words are. `free` is how many of them lie in free text."""

    intents: tuple[str, ...]
    slots: tuple[HeardSlot, ...]
    free: int
    closed: bool
    """Nothing can follow."""


def read(network: Network, words: Sequence[str]) -> Reading | None:
    """The plainest way to read all the words: with the least free text, then with the fewest slots."""
    found = [
        Reading(nexts.intents, slots(network, path), free, nexts.closed)
        for place, (free, path) in _walk(network, words).items()
        if (nexts := network.nexts(place)).intents
    ]
    return min(found, key=lambda reading: (reading.free, len(reading.slots)), default=None)


def outlook(network: Network, words: Sequence[str]) -> Outlook:
    """Whether the words could be all. Free text says nothing."""
    places = [place for place, (free, _) in _walk(network, words).items() if not free] if words else []
    if not places:
        return "unknown"
    if not any(network.nexts(place).intents for place in places):
        return "open"
    return "closed" if all(network.nexts(place).closed for place in places) else "complete"


def slots(network: Network, path: _Path | None) -> tuple[HeardSlot, ...]:
    """The slots of a path with their words, in the order they were said."""
    steps: list[_Path] = []
    while path is not None:
        steps.append(path)
        path = path.before
    found: list[HeardSlot] = []
    before: tuple[int, int, int] | None = None
    for _, place, word in reversed(steps):
        use, here = network.slot_of(place), (place.net, place.state, place.slot)
        if use is None:
            before = None
        elif here == before:
            found[-1] = replace(found[-1], words=f"{found[-1].words} {word}")
        else:
            found.append(HeardSlot(name=use.name, kind=use.kind, words=word))
            before = here
    return tuple(found)


def phrases(network: Network, *, alone: bool = False) -> list[str]:
    """What a recogniser with a bigram of its own is given: all pairs of words that can follow one another, and all
    that can be a sentence alone. When there are too many, or with `alone`, the words."""
    edges: dict[int, _Edges] = {}
    words: set[str] = set()
    pairs: set[str] = set()
    for net in network.nets:
        machines = {ref: network.slots[number].machine for ref, number in net.slots.items()}
        for machine in machines.values():
            if machine is not None and id(machine) not in edges:
                edges[id(machine)] = found = _edges(machine)
                words |= found.words
                pairs |= found.pairs
        before: dict[int, set[str]] = {state: set() for state in range(len(net.automaton.words))}
        for state in before:
            for word, after in net.automaton.words[state].items():
                before[after].add(word)
            for ref, after in net.automaton.slots[state]:
                if (machine := machines[ref]) is not None:
                    before[after] |= edges[id(machine)].last
        for state, lasts in before.items():
            nexts = set(net.automaton.words[state])
            for ref, _ in net.automaton.slots[state]:
                if (machine := machines[ref]) is not None:
                    nexts |= edges[id(machine)].first
            words |= nexts
            if len(pairs) + len(lasts) * len(nexts) <= MOST_PAIRS:
                pairs.update(f"{last} {word}" for last in lasts for word in nexts)
    return sorted(words if alone or len(pairs) >= MOST_PAIRS else words | pairs)


@dataclass(frozen=True, slots=True)
class _Edges:
    """What a slot's value is made of."""

    first: frozenset[str]
    last: frozenset[str]
    words: frozenset[str]
    pairs: frozenset[str]


def _edges(machine: Machine) -> _Edges:
    last: set[str] = set()
    words: set[str] = set()
    pairs: set[str] = set()
    seen: set[tuple[int, str]] = set()
    waiting = deque([(machine.start, "")])
    while waiting and len(seen) < MOST_STATES:
        state, before = waiting.popleft()
        for word, after in machine.words(state).items():
            words.add(word)
            if before:
                pairs.add(f"{before} {word}")
            if machine.final(after):
                last.add(word)
            if (after, word) not in seen:
                seen.add((after, word))
                waiting.append((after, word))
    return _Edges(frozenset(machine.words(machine.start)), frozenset(last), frozenset(words), frozenset(pairs))


def _walk(network: Network, words: Sequence[str]) -> dict[Place, tuple[int, _Path | None]]:
    """Places behind the words, each with the least free text on the way there, and the way."""
    here: dict[Place, tuple[int, _Path | None]] = {START: (0, None)}
    for word in words:
        after: dict[Place, tuple[int, _Path | None]] = {}
        for place, (free, path) in here.items():
            nexts = network.nexts(place)
            steps = [(target, free) for target in nexts.words.get(word, ())]
            steps += [(target, free + 1) for target in nexts.free]
            for target, cost in steps:
                if target.net != JOINED and (target not in after or cost < after[target][0]):
                    after[target] = (cost, _Path(path, target, word))
        here = after
    return here
