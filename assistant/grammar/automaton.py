"""Templates as one small automaton: it accepts exactly what the templates say, and is never expanded.

The automaton is deterministic, has no cycles, and is minimal: equal beginnings and equal endings are shared. Eighty
template lines that stand for millions of sentences come to a few dozen states.

Endings are shared only between templates whose number need not be told apart: give `choice(lines)` as one template
where it need not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assistant.errors import SkillError
from assistant.grammar.templates import Choice, Node, Sequence, SlotRef, Word

MOST_STATES = 20_000
LONGEST = 100
"""Words and slots of the longest sentence."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """States are numbers; a path of words and slots from `start` to a state with a `final` entry is a sentence."""

    start: int
    words: tuple[Mapping[str, int], ...]
    """State -> word -> next state."""
    slots: tuple[tuple[tuple[SlotRef, int], ...], ...]
    """State -> slots with their next states."""
    final: tuple[tuple[int, ...], ...]
    """State -> numbers of the templates that may end here; empty: none."""

    def vocabulary(self) -> frozenset[str]:
        """Every word on an arc."""
        return frozenset(word for arcs in self.words for word in arcs)

    def slot_refs(self) -> frozenset[SlotRef]:
        """Every slot on an arc."""
        return frozenset(slot for arcs in self.slots for slot, _ in arcs)


def compile_templates(nodes: Iterable[Node], where: str = "") -> Automaton:
    """The automaton of several templates; `final` gives their numbers. Raises SkillError when it grows too large."""
    loose = _Loose()
    starts = set()
    for number, node in enumerate(nodes):
        start, end = loose.state(), loose.state()
        loose.add(node, start, end)
        loose.ends[end] = number
        starts.add(start)
    return _Builder(loose, where).build(starts)


class _Loose:
    """A non-deterministic automaton (Thompson's construction): `silent` arcs need no word."""

    def __init__(self) -> None:
        self.silent: list[list[int]] = []
        self.arcs: list[list[tuple[str | SlotRef, int]]] = []
        self.ends: dict[int, int] = {}

    def state(self) -> int:
        self.silent.append([])
        self.arcs.append([])
        return len(self.silent) - 1

    def add(self, node: Node, start: int, end: int) -> None:
        match node:
            case Word(text):
                self.arcs[start].append((text, end))
            case SlotRef():
                self.arcs[start].append((node, end))
            case Choice(options):
                for option in options:
                    self.add(option, start, end)
            case Sequence(parts):
                at = start
                for part in parts:
                    after = self.state()
                    self.add(part, at, after)
                    at = after
                self.silent[at].append(end)

    def reach(self, states: Iterable[int]) -> frozenset[int]:
        """The states and all that can be reached from them without a word."""
        found = set(states)
        waiting = list(found)
        while waiting:
            for after in self.silent[waiting.pop()]:
                if after not in found:
                    found.add(after)
                    waiting.append(after)
        return frozenset(found)


_Shape = tuple[tuple[int, ...], tuple[tuple[str, int], ...], tuple[tuple[SlotRef, int], ...]]


class _Builder:
    """Subset construction from the end backwards, so that states with the same future become one."""

    def __init__(self, loose: _Loose, where: str) -> None:
        self.loose = loose
        self.where = where
        self.shapes: dict[_Shape, int] = {}
        self.known: dict[frozenset[int], int] = {}

    def build(self, starts: Iterable[int]) -> Automaton:
        start = self.visit(self.loose.reach(starts), 0)
        shapes = list(self.shapes)
        return Automaton(
            start=start,
            words=tuple(dict(words) for _, words, _ in shapes),
            slots=tuple(slots for _, _, slots in shapes),
            final=tuple(final for final, _, _ in shapes),
        )

    def visit(self, states: frozenset[int], depth: int) -> int:
        known = self.known.get(states)
        if known is not None:
            return known
        if depth > LONGEST or len(self.known) > MOST_STATES:
            problem = "a sentence is too long" if depth > LONGEST else "the sentences are too entangled"
            raise SkillError(problem, where=self.where, hint="Use fewer optional parts in one line, or shorter lines")
        targets: dict[str | SlotRef, set[int]] = {}
        for state in states:
            for symbol, after in self.loose.arcs[state]:
                targets.setdefault(symbol, set()).add(after)
        words: list[tuple[str, int]] = []
        slots: list[tuple[SlotRef, int]] = []
        for symbol, after_all in targets.items():
            after = self.visit(self.loose.reach(after_all), depth + 1)
            if isinstance(symbol, str):
                words.append((symbol, after))
            else:
                slots.append((symbol, after))
        final = tuple(sorted({self.loose.ends[state] for state in states if state in self.loose.ends}))
        shape = (final, tuple(sorted(words)), tuple(sorted(slots, key=lambda arc: (arc[0].name, arc[0].type))))
        number = self.shapes.setdefault(shape, len(self.shapes))
        self.known[states] = number
        return number
