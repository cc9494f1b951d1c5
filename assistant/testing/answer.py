"""What came of a sentence that a test said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.messages import dialog, intent
from assistant.messages.base import Slot


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one sentence. `intent` is None when no skill understood it, or when it answered a question; then
    `text` is what the assistant said instead. Of several requests the intent, slots and confidence of the first."""

    text: str
    ask: bool = False
    intent: str | None = None
    skill: str | None = None
    slots: Mapping[str, Slot] = field(default_factory=dict)
    confidence: float = 0.0
    intents: tuple[str, ...] = ()
    """All intents, in the order in which they were done."""

    def value(self, slot: str) -> float | str | None:
        """What a slot means, or None."""
        return self.slots[slot].value if slot in self.slots else None


def answer(answered: dialog.Answered, matched: Sequence[intent.Matched]) -> Answer:
    """`matched` are the requests of the sentence, in their order."""
    first = matched[0] if matched else None
    if first is None or answered.intent is None:
        return Answer(
            "" if answered.outcome == "unmatched" else answered.reply.text,
            answered.outcome == "asked",
            skill=answered.skill,
        )
    return Answer(
        answered.reply.text,
        answered.outcome == "asked",
        first.intent,
        answered.skill,
        {slot.name: slot for slot in first.slots},
        first.confidence,
        tuple(each.intent for each in matched),
    )
