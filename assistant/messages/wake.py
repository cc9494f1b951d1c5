"""What the wake-word room says and can be asked for."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune(Message):
    """Wake up so easily from now on: `sensitivity` from 0 to 1. Answered by `wake.tuned`."""

    topic: ClassVar[str] = "wake.tune"
    wish: ClassVar[bool] = True
    sensitivity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned(Message):
    """How easily it wakes up, from 0 to 1. Said at a change, and to the skills when they start."""

    topic: ClassVar[str] = "wake.tuned"
    sensitivity: float
