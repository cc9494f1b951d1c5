"""The cheapest way through an automaton for a heard text, allowing small errors.

Best-first search (Dijkstra with a lower bound, A*) over pairs of automaton state and word position. A word may be
exact, a sound-alike, left out or put in; each has a cost, and how much of the sentence fits is its evidence.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from assistant.grammar.automaton import Automaton
from assistant.grammar.heard import Heard
from assistant.grammar.sound import Lexicon, Sounds
from assistant.grammar.templates import SlotRef
from assistant.grammar.words import tokens
from assistant.messages.base import SlotKind

POLITE = 0.03
MANGLED = 0.5
"""A small word of which recognition made some other short word."""
_TEXT = 6
_ODD = 18
_MOST_STEPS = 6000


@dataclass(frozen=True, slots=True)
class Filling:
    """A slot filled with the words from `start` to before `end`."""

    slot: SlotRef
    start: int
    end: int
    kind: SlotKind
    value: float | str
    cost: float
    evidence: float


@dataclass(frozen=True, slots=True)
class Path:
    """A way through: `edits` is the cost of all errors (0: exact), `evidence` the weight of what fitted."""

    edits: float
    evidence: float
    free: int
    """How much went into free text; see `Costs.freedom`."""
    fillings: tuple[Filling, ...]


class Graph:
    """An automaton with the costs of leaving out its words."""

    def __init__(self, automaton: Automaton, sounds: Sounds) -> None:
        self.automaton = automaton
        self.drops = tuple(
            tuple(sorted((sounds.deletion(word), after) for word, after in arcs.items())) for arcs in automaton.words
        )
        self.small = tuple(
            tuple((word, after) for word, after in arcs.items() if word in sounds.small) for arcs in automaton.words
        )
        """State -> small words with the next states: a recogniser may make anything of them."""


@dataclass(frozen=True, slots=True)
class _Step:
    state: int
    at: int
    edits: float
    evidence: float
    free: int
    before: _Step | None
    filling: Filling | None


FillingsAt = Callable[[SlotRef, int], Sequence[Filling]]


class Costs:
    """What it costs to skip words of one heard text."""

    def __init__(self, heard: Heard, lexicon: Lexicon) -> None:
        sounds = lexicon.sounds
        self.heard = heard
        self.sounds = sounds
        self.strange = [word not in lexicon.words and word not in sounds.fillers for word in heard.words]
        """Position -> whether no sentence at all has this word."""
        self.skips: list[list[tuple[int, float]]] = []
        """Position -> (end, cost) of what can be skipped there."""
        self.insertion = [sounds.insertion(word) for word in heard.words]
        for at, cost in enumerate(self.insertion):
            ways = [(at + 1, cost)]
            for phrase in sounds.polite:
                end = at + len(phrase)
                if heard.words[at:end] == phrase:
                    ways.append((end, POLITE))
            self.skips.append(ways)
        for start, end in sounds.around(heard.words):
            self.skips[start].append((end, POLITE))

    def freedom(self, text: Filling) -> int:
        """How free a free text is, in hundredths of a word's weight: a little, and more where its ends carry nothing.

        Set so that "the to pasta timer" is a timer of a list with a word put in (0.25) rather than one that is called
        "to pasta", and "let it be" still stays whole.
        """
        sounds = self.sounds
        words = self.heard.words[text.start : text.end]
        odd = [word in sounds.fillers or word in sounds.small for word in words]
        free = _TEXT + len(words)
        if odd[-1] or (odd[0] and words[0] not in sounds.articles):
            free += _ODD
        return free + _ODD if all(odd) else free


def cheapest(graph: Graph, costs: Costs, fillings: FillingsAt, rest: Sequence[float], budget: float) -> Path | None:
    """The cheapest path over all words within `budget`, or None.

    `rest[i]` is a lower bound of the cost of the words from the i-th on.
    """
    automaton, heard = graph.automaton, costs.heard
    length = len(heard)
    weight = costs.sounds.weight
    number = count()
    queue: list[tuple[float, int, _Step]] = []
    done: set[tuple[int, int]] = set()
    seen: dict[tuple[int, int], float] = {}

    def push(
        state: int, at: int, edits: float, evidence: float, free: int, before: _Step | None, filling: Filling | None
    ) -> None:
        total = edits + free * 0.01
        bound = edits + rest[at]
        if bound > budget:
            return
        key = (state, at)
        if key in done or seen.get(key, 1e9) <= total:
            return
        seen[key] = total
        step = _Step(state, at, edits, evidence, free, before, filling)
        heapq.heappush(queue, (total + rest[at], next(number), step))

    push(automaton.start, 0, 0.0, 0.0, 0, None, None)
    steps = 0
    while queue and steps < _MOST_STEPS:
        _, _, step = heapq.heappop(queue)
        state, at = step.state, step.at
        if (state, at) in done:
            continue
        done.add((state, at))
        steps += 1
        edits, evidence, free = step.edits, step.evidence, step.free
        if at == length:
            if automaton.final[state]:
                return _path(step)
        else:
            arcs: Mapping[str, int] = automaton.words[state]
            if arcs:
                for word, cost in heard.near[at].items():
                    after = arcs.get(word)
                    if after is not None:
                        gain = weight(word) * (1 - cost)
                        push(after, at + 1, edits + cost, evidence + gain, free, step, None)
            for slot, after in automaton.slots[state]:
                for found in fillings(slot, at):
                    more = costs.freedom(found) if found.kind == "text" else 0
                    push(after, found.end, edits + found.cost, evidence + found.evidence, free + more, step, found)
            if costs.strange[at]:
                longest = len(heard.words[at]) - 1
                for word, after in graph.small[state]:
                    if len(word) >= longest:
                        push(after, at + 1, edits + MANGLED, evidence, free, step, None)
            for end, cost in costs.skips[at]:
                push(state, end, edits + cost, evidence, free, step, None)
        for cost, after in graph.drops[state]:
            if edits + cost > budget:
                break
            push(after, at, edits + cost, evidence, free, step, None)
    return None


def _path(last: _Step) -> Path:
    fillings: list[Filling] = []
    step: _Step | None = last
    while step is not None:
        if step.filling is not None:
            fillings.append(step.filling)
        step = step.before
    return Path(last.edits, last.evidence, last.free, tuple(reversed(fillings)))


@dataclass(frozen=True, slots=True)
class Entry:
    """A list entry found at the words up to before `end`. `words` are those of the entry."""

    end: int
    line: int
    words: tuple[str, ...]
    cost: float
    evidence: float


def entries(graph: Graph, costs: Costs, start: int, budget: float) -> list[Entry]:
    """List entries that begin at word `start`: for each end the cheapest. Within one only small errors are allowed."""
    automaton, heard = graph.automaton, costs.heard
    length, weight = len(heard), costs.sounds.weight
    best: dict[int, Entry] = {}
    seen: dict[tuple[int, int], float] = {}
    waiting: list[tuple[float, int, int, tuple[str, ...], float]] = [(0.0, automaton.start, start, (), 0.0)]
    while waiting:
        cost, state, at, words, evidence = heapq.heappop(waiting)
        if cost >= seen.get((state, at), 1e9):
            continue
        seen[state, at] = cost
        if automaton.final[state] and at > start and (at not in best or cost < best[at].cost):
            best[at] = Entry(at, automaton.final[state][0], words, cost, max(0.6 * (1 - cost), evidence))
        if at < length:
            arcs = automaton.words[state]
            for word, more in heard.near[at].items():
                after = arcs.get(word)
                if after is not None and cost + more <= budget:
                    gain = evidence + weight(word) * (1 - more)
                    heapq.heappush(waiting, (cost + more, after, at + 1, (*words, word), gain))
            if at > start and costs.insertion[at] <= 0.3 and cost + costs.insertion[at] <= budget:
                heapq.heappush(waiting, (cost + costs.insertion[at], state, at + 1, words, evidence))
        if at > start:
            for more, after in graph.drops[state]:
                if more > 0.3 or cost + more > budget:
                    break
                heapq.heappush(waiting, (cost + more, after, at, words, evidence))
    return list(best.values())


def spelled(line: str, words: tuple[str, ...]) -> str:
    """The entry as the skill spells it; of an entry with alternatives the one that was said."""
    if not any(mark in line for mark in "([|"):
        return line.strip()
    text, end, waiting = "", 0, tokens(line)
    for word in words:
        at = next((at for at, token in enumerate(waiting) if token.text == word), None)
        if at is None:
            return " ".join(words)
        token = waiting[at]
        between = line[end : token.start]
        text += (" " if any(mark in between for mark in "()[]|") else between) + line[token.start : token.end]
        end, waiting = token.end, waiting[at + 1 :]
    return text.strip()
