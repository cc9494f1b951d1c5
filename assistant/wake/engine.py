"""What a wake-word engine is. Plain synchronous code; the service runs it in one thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from assistant.audio.frame import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """`word` was heard with `score` (0..1); it ended `ago` samples before the end of the frame just given."""

    word: str
    score: float
    ago: int = 0


class Peak(NamedTuple):
    """The highest score of a word in a piece of sound, reached `ago` samples before its end."""

    word: str
    score: float
    ago: int
    afresh: float = 0.0
    """The highest score of those that listen since a short while only: reason to suspect the word, and no more."""


class WakeEngine(Protocol):
    """Finds wake words in a stream of frames."""

    words: tuple[str, ...]

    def start(self) -> None:
        """Load the models. Raises ModelError."""
        ...

    def process(self, samples: Samples) -> list[Detection]:
        """Take the next FRAME_SAMPLES samples. A word that keeps scoring is reported once (refractory time)."""
        ...

    def speaking(self, on: bool) -> None:
        """Whether the assistant itself is to be heard; while it is, a word may need more proof."""
        ...

    def tune(self, sensitivity: float) -> None:
        """From 0, hard to wake, to 1. What was heard so far still counts."""
        ...

    def reset(self) -> None:
        """Forget all sound heard so far (after a mute, or a gap in the stream)."""
        ...

    def rest(self) -> None:
        """Nothing sounds any more: overwrite kept sound, from before a pause longer than any wake word. What the room
        is like and how long a word is not to be reported again are kept."""
        ...

    def revise(self) -> bool:
        """Somebody's consent may have ended: drop what may not be known any more; whether anything was dropped. May
        be called at any time."""
        ...

    def close(self) -> None:
        """Free the models."""
        ...
