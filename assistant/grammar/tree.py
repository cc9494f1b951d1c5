"""The tree that a template line is parsed to, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One normalised word: lower case, no punctuation."""

    text: str


@dataclass(frozen=True, slots=True)
class SlotRef:
    """A value to be filled in. `type` is what stands after the colon, or empty."""

    name: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other. Without parts it says nothing at all."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these. Something optional is a choice with an empty Sequence."""

    options: tuple[Node, ...]


Node = Word | SlotRef | Sequence | Choice

NOTHING = Sequence()


def can_be_empty(node: Node) -> bool:
    """Whether a node can be said with no words at all."""
    match node:
        case Sequence(parts):
            return all(can_be_empty(part) for part in parts)
        case Choice(options):
            return any(can_be_empty(option) for option in options)
        case _:
            return False


def slots(node: Node) -> Iterator[SlotRef]:
    """Every slot of a tree, in writing order, repeated if it is written twice."""
    match node:
        case SlotRef():
            yield node
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from slots(part)
        case Word():
            pass


def vocabulary(node: Node) -> Iterator[str]:
    """Every literal word of a tree."""
    match node:
        case Word(text):
            yield text
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from vocabulary(part)
        case SlotRef():
            pass


def write(node: Node) -> str:
    """A line that parses to this tree again."""
    match node:
        case Word(text):
            return text
        case SlotRef(name, type_):
            return f"{{{name}:{type_}}}" if type_ else f"{{{name}}}"
        case Sequence(parts):
            return " ".join(f"({write(part)})" if isinstance(part, Sequence) else write(part) for part in parts)
        case Choice(options):
            return "(" + "|".join(write(option) for option in options) + ")"


def sequence(parts: Iterable[Node]) -> Node:
    """Parts one after the other; nested sequences become one, a sequence of one part is that part."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Sequence) else (part,))
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def choice(options: Iterable[Node]) -> Node:
    """One of these; nested choices become one, the same option twice counts once."""
    flat: dict[Node, None] = {}
    for option in options:
        flat.update(dict.fromkeys(option.options if isinstance(option, Choice) else (option,)))
    return next(iter(flat)) if len(flat) == 1 else Choice(tuple(flat))
