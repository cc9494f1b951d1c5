"""What a speech-to-text engine is. Plain synchronous code; the service runs it in one thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from assistant.audio.frame import Samples
from assistant.grammar.sentences import SkillSentences
from assistant.messages.base import SlotKind
from assistant.stt.expected import ANYTHING, Expected

Outlook = Literal["unknown", "open", "complete", "likely", "nearly", "over", "closed"]
"""Of speech so far: nothing is known about it; it is the beginning of a sentence; it is a whole sentence that could go
on; one that could, but sounds as if it were over, nearly surely so, or beyond doubt; it is a whole sentence and nothing
is to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSlot:
    """A slot and the words that were said for it."""

    name: str
    kind: SlotKind
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What the words ask for, when a skill's sentence was heard. `intent` is `skill.name`.

    `score` is 0..1. `gap` is by how much (in log-probability) the nearest other meaning, `rival` (an intent, may be the
    same one with other slots), was less likely; 0 when the same words ask for both.
    """

    intent: str
    skill: str
    slots: tuple[HeardSlot, ...]
    score: float
    gap: float
    rival: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What was heard. `confidence` is 0..1; `text` is empty when there was nothing to recognise."""

    text: str
    confidence: float
    language: str
    alternatives: tuple[str, ...] = ()
    meaning: Meaning | None = None
    """Only from an engine that follows the skills' sentences, and only when it is sure enough."""
    several: bool = False
    """Several of the skills' sentences, joined; they have no one meaning."""


class SttEngine(Protocol):
    """Turns one utterance into words: `begin`, then `accept` frame by frame, then `finish`."""

    name: str
    language: str

    def start(self) -> None:
        """Load the model. Raises ModelError."""
        ...

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """From now on expect these sentences. An engine without a grammar ignores them. Raises SkillError."""
        ...

    def begin(self, *, wake_word: str = "", expected: Expected = ANYTHING) -> None:
        """A new utterance; whatever is left of the last one is forgotten. `wake_word` may be heard at its beginning.
        What is `expected` is more likely than anything else."""
        ...

    def accept(self, samples: Samples) -> str | None:
        """Take more sound (any length, 16 kHz). Returns a partial text if the engine has a new one."""
        ...

    def outlook(self) -> Outlook:
        """Whether what was said so far could be all. May take as long as `finish`, whose work it does beforehand."""
        ...

    def glance(self) -> Outlook:
        """Only silence came since `outlook`: whether what was said then now sounds more as if it were all. Takes a
        small part of the time."""
        ...

    def finish(self, *, settled: bool = False) -> Hypothesis:
        """The utterance is over. Its sound is overwritten before this returns. Raises EngineError.

        `settled`: only silence came since `outlook`, so its result may be used.
        """
        ...

    def close(self) -> None:
        """Free the model."""
        ...
