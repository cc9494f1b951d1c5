"""What the wake-word room says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from assistant.messages.base import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected(Message):
    """A wake word was heard. `sample` counts from the first sample the microphone ever gave (16 kHz)."""

    topic: ClassVar[str] = "wake.detected"
    word: str
    score: float
    sample: int
