"""What a slot may hold, as a machine that takes one word after another.

A list of a skill is a small automaton. A typed value (number, duration, time, date) follows the rules of the language
file, which refer to each other: they are kept apart, and states are made only when a search comes to them, so that a
complete range costs nothing until it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from assistant.grammar.automaton import Automaton, compile_templates
from assistant.grammar.templates import Node, Sequence, SlotRef, Word, choice
from assistant.grammar.values.rules import DIGITS, Rules

_WRITTEN = frozenset({"s", "m", "h", "sec", "secs", "min", "mins", "hr", "hrs", "fourty", "per"})
"""Words of the rules that people only write; nobody says them, or they sound like another way ("per cent")."""


class Machine(Protocol):
    """Takes words and, as one symbol, numbers written in digits. States are numbers."""

    start: int

    def words(self, state: int) -> Mapping[str, int]:
        """Next words and the states behind them."""
        ...

    def digits(self, state: int) -> Mapping[str, int]:
        """Next digits by their kind (a key of `DIGITS`), and the states behind them."""
        ...

    def final(self, state: int) -> bool:
        """Whether the value may end here."""
        ...


class ListMachine:
    """The entries of a list."""

    def __init__(self, entries: Iterable[Node], where: str = "") -> None:
        """Raises SkillError when the list is too large or its lines are too entangled."""
        self.automaton: Automaton = compile_templates((choice(entries),), where)
        self.start = self.automaton.start

    def words(self, state: int) -> Mapping[str, int]:
        return self.automaton.words[state]

    def digits(self, state: int) -> Mapping[str, int]:
        return {}

    def final(self, state: int) -> bool:
        return bool(self.automaton.final[state])


_Frame = tuple[str, int]
_Stack = tuple[_Frame, ...]
"""Rules that are being said, the innermost last, each with the state in its own automaton."""


class RuleMachine:
    """A typed value by the rules of a language. States are sets of stacks, made when they are asked for and kept: the
    rules allow a few thousand."""

    def __init__(self, rules: Rules, rule: str) -> None:
        self._rules = rules
        self._automata: dict[str, Automaton] = {}
        self._numbers: dict[frozenset[_Stack], int] = {}
        self._sets: list[frozenset[_Stack]] = []
        self._words: dict[int, dict[str, int]] = {}
        self._digits: dict[int, dict[str, int]] = {}
        self._final: dict[int, bool] = {}
        self.start = self._intern({((rule, self._automaton(rule).start),)})

    @property
    def size(self) -> int:
        """States made so far."""
        return len(self._sets)

    def words(self, state: int) -> Mapping[str, int]:
        if state not in self._words:
            self._expand(state)
        return self._words[state]

    def digits(self, state: int) -> Mapping[str, int]:
        if state not in self._digits:
            self._expand(state)
        return self._digits[state]

    def final(self, state: int) -> bool:
        if state not in self._final:
            self._expand(state)
        return self._final[state]

    def _expand(self, state: int) -> None:
        words: dict[str, set[_Stack]] = {}
        digits: dict[str, set[_Stack]] = {}
        self._final[state] = False
        seen: set[_Stack] = set()
        waiting = list(self._sets[state])
        while waiting:
            stack = waiting.pop()
            if stack in seen:
                continue
            seen.add(stack)
            if not stack:
                self._final[state] = True
                continue
            (rule, at), below = stack[-1], stack[:-1]
            automaton = self._automaton(rule)
            if automaton.final[at]:
                waiting.append(below)
            for word, after in automaton.words[at].items():
                words.setdefault(word, set()).add(self._moved(below, rule, after))
            for slot, after in automaton.slots[at]:
                name = slot.type or slot.name
                rest = self._moved(below, rule, after)
                if name in DIGITS:
                    digits.setdefault(name, set()).add(rest)
                else:
                    waiting.append((*rest, (name, self._automaton(name).start)))
        self._words[state] = {word: self._intern(stacks) for word, stacks in words.items()}
        self._digits[state] = {kind: self._intern(stacks) for kind, stacks in digits.items()}

    def _moved(self, below: _Stack, rule: str, after: int) -> _Stack:
        """The stack after a step inside `rule`. A rule that is over is left out, so that repetition needs no memory."""
        automaton = self._automaton(rule)
        over = automaton.final[after] and not automaton.words[after] and not automaton.slots[after]
        return below if over else (*below, (rule, after))

    def _intern(self, stacks: Iterable[_Stack]) -> int:
        key = frozenset(stacks)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._sets)
            self._sets.append(key)
        return number

    def _automaton(self, rule: str) -> Automaton:
        known = self._automata.get(rule)
        if known is None:
            nodes = (_spoken(each.node) for each in self._rules.rules[rule])
            # Only what can be said matters here, not which of the rules it was.
            known = self._automata[rule] = compile_templates(
                (choice(node for node in nodes if node is not None),), rule
            )
        return known


def _spoken(node: Node) -> Node | None:
    """A rule's node without the words that are only written; None when nothing is left."""
    match node:
        case Word(text):
            return None if text in _WRITTEN else node
        case SlotRef():
            return node
        case Sequence(parts):
            kept = [_spoken(part) for part in parts]
            return None if None in kept else Sequence(tuple(part for part in kept if part is not None))
        case _:
            options = [option for option in map(_spoken, node.options) if option is not None]
            return choice(options) if options else None
