"""Some of the sentences that a template stands for."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from assistant.grammar.templates import Choice, Node, Sequence, SlotRef, Word

_ROUNDS = 10
Sample = tuple[Word | SlotRef, ...]


def sample(node: Node, random: Random) -> Sample:
    """One sentence, each alternative as likely as its siblings."""
    match node:
        case Word() | SlotRef():
            return (node,)
        case Choice(options):
            return sample(random.choice(options), random)
        case Sequence(parts):
            return tuple(each for part in parts for each in sample(part, random))


def samples(nodes: Iterable[Node], most: int, random: Random) -> list[Sample]:
    """Up to `most` different sentences, taken from the templates in turn so that each is heard."""
    waiting = list(nodes)
    random.shuffle(waiting)
    found: dict[Sample, None] = {}
    for _ in range(_ROUNDS):
        for node in waiting:
            if len(found) >= most:
                return list(found)
            found[sample(node, random)] = None
    return list(found)
