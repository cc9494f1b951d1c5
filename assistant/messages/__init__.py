"""The catalogue of messages. Nothing else travels on the bus.

Import a room, not a class, so that a line reads like the topic: `messages.wake.Detected`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from assistant.messages import audio, consent, dialog, intent, skill, stt, system, tts, wake
from assistant.messages.base import Before, Meaning, Message, Seconds, Slot, SlotKind, Spoken

__all__ = [
    "CATALOG", "Before", "Meaning", "Message", "Seconds", "Slot", "SlotKind", "Spoken",
    "audio", "consent", "dialog", "intent", "skill", "stt", "system", "tts", "wake",
]  # fmt: skip


def _collect() -> Mapping[str, type[Message]]:
    found: dict[str, type[Message]] = {}
    for room in (wake, dialog, stt, intent, skill, tts, audio, consent, system):
        for thing in vars(room).values():
            if isinstance(thing, type) and issubclass(thing, Message) and thing.topic:
                found[thing.topic] = thing
    return MappingProxyType(found)


CATALOG: Mapping[str, type[Message]] = _collect()
"""Every message type by its topic."""
