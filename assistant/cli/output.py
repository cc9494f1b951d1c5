"""Tables, redaction and JSON for the command line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from assistant.messages import Message, Slot, Spoken, dialog


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell."""
    lines = [list(head), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def answer(message: dialog.Answered) -> dict[str, Any]:
    """A session's result with the keys that `hear` and `ask` share."""
    return {
        "transcript": message.transcript.text or None,
        "intent": message.intent,
        "slots": {slot.name: said(slot) for slot in message.slots},
        "values": {slot.name: slot.value for slot in message.slots},
        "skill": message.skill,
        "reply": message.reply.text or None,
        "seconds": {each.stage: round(each.seconds, 4) for each in message.seconds},
    }


def said(slot: Slot) -> str:
    """What is in a slot: the entry of a list as its file spells it, else the words."""
    return slot.value if slot.kind == "list" and isinstance(slot.value, str) else slot.spoken.text


def one_line(error: object) -> str:
    """Any error without line breaks."""
    return " ".join(str(error).split())


def line(data: dict[str, Any]) -> str:
    """One JSON object on one line."""
    return json.dumps(data, ensure_ascii=False)


def fields(message: Message, *, words: bool) -> str:
    """A message's fields for a person; what anyone said only if `words`."""
    shown = []
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        if words and isinstance(value, Spoken):
            value = json.dumps(value.text, ensure_ascii=False)
        elif words and field.name == "slots":
            value = " ".join(f"{slot.name}={slot.spoken.text!r}" for slot in value)
        elif isinstance(value, str):
            value = value or "-"
        elif isinstance(value, float):
            value = f"{value:.3g}"
        shown.append(f"{field.name}={value}")
    return " ".join(shown)
