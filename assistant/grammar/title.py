"""An intent in words, to ask about it: the plainest of its own sentences."""

from __future__ import annotations

from collections.abc import Mapping

from assistant.grammar.sentences import SkillSentences
from assistant.grammar.templates import NOTHING, Choice, Node, Sequence, SlotRef, Word, parse_lines, slots


def title(sentences: SkillSentences, intent: str, said: Mapping[str, str]) -> str:
    """The first sentence of an intent that holds the slots of `said`, with their words; "" when there is none.

    What can be left out is, and of several ways to say it the first counts: "cancel all alarms".
    """
    lines = (*sentences.intents.get(intent, ()), *sentences.follows.get(intent, ()))
    fits = [node for node in parse_lines(lines, f"{intent}.intent") if _needed(node) <= said.keys()]
    best = max(fits, key=lambda node: len({slot.name for slot in slots(node)} & said.keys()), default=None)
    return " ".join(_words(best, said)) if best is not None else ""


def _needed(node: Node) -> set[str]:
    """The slots of the plainest sentence."""
    match node:
        case SlotRef(name):
            return {name}
        case Sequence(parts):
            return {name for part in parts for name in _needed(part)}
        case Choice(options):
            return set() if NOTHING in options else _needed(options[0])
        case _:
            return set()


def _words(node: Node, said: Mapping[str, str]) -> list[str]:
    match node:
        case Word(text):
            return [text]
        case SlotRef(name):
            return [said.get(name, "")]
        case Sequence(parts):
            return [word for part in parts for word in _words(part, said)]
        case Choice(options):
            wanted = [one for one in options if {slot.name for slot in slots(one)} & said.keys()]
            if wanted:
                return _words(wanted[0], said)
            return [] if NOTHING in options else _words(options[0], said)
