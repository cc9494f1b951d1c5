"""A yes by voice: pure rules, no clock of its own.

The purpose is read back with two random words that must be said within 30 s, alone and exactly. A television does not
know them; a recording of an earlier yes has other words; the loudspeaker's own read-back ends before the window opens
and never consists of the two words alone. One try; then it has to be asked for again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from assistant.consent.words import normal

WINDOW = 30.0
"""Seconds from the end of the read-back."""

FIRST = (
    "yellow", "purple", "orange", "silver", "golden", "happy", "gentle", "clever", "modern",
    "frozen", "broken", "tiny", "friendly", "crazy", "sunny", "fluffy", "magic", "perfect", "seven", "twenty",
    "thousand", "million",
)  # fmt: skip
SECOND = (
    "elephant", "mountain", "tiger", "penguin", "banana", "piano", "guitar", "airplane", "telephone", "potato",
    "butterfly", "dinosaur", "camera", "computer", "museum", "library", "island", "tornado", "chocolate", "pineapple",
    "strawberry", "sandwich", "spaghetti", "bicycle", "helicopter", "rocket", "teacher", "dragon", "chicken", "rabbit",
    "turtle",
)  # fmt: skip
"""Of 103 candidates those that Moonshine tiny heard right six times of six, spoken at three speeds by Piper, without
four that failed in a second round. In that round 106 of 120 pairs were heard right at the first try."""

Verdict = Literal["yes", "no", "phrase", "late", "echo"]
_NO = frozenset(
    {"no", "nope", "no thanks", "no thank you", "cancel", "never mind", "stop", "i do not agree", "i dont agree"}
)


def two_words(choose: Callable[[tuple[str, ...]], str] = secrets.choice) -> str:
    """One of some 700 pairs."""
    return f"{choose(FIRST)} {choose(SECOND)}"


@dataclass(slots=True, kw_only=True)
class Challenge:
    """One question for a yes, from the read-back to the answer."""

    purpose: str
    days: int
    phrase: str
    session: str
    """Of the read-back."""
    said_at: float | None = None
    """When the read-back ended; None while it is being spoken."""
    answer_session: str = ""
    """The session that was opened, after the read-back, to hear the answer."""
    speaking: int = 0
    """Utterances that are sounding now."""
    spoke_over: bool = False
    """Something was spoken by the assistant itself since it began to listen for the answer."""

    def started(self, session: str) -> None:
        """The assistant began to say something."""
        self.speaking += 1
        if self.answer_session:
            self.spoke_over = True

    def ended(self, session: str, now: float) -> None:
        """It stopped saying something; for the read-back this opens the window."""
        self.speaking = max(0, self.speaking - 1)
        if session == self.session and self.said_at is None:
            self.said_at = now

    def opened(self, session: str, why: str) -> None:
        """A session was opened; only one that follows the read-back as a question can hold the answer."""
        if why == "question" and self.said_at is not None and not self.answer_session:
            self.answer_session = session
            self.spoke_over = self.speaking > 0

    def judge(self, session: str, text: str, now: float) -> Verdict:
        """What an answer is worth."""
        if self.said_at is None or session != self.answer_session or self.speaking or self.spoke_over:
            return "echo"
        if now - self.said_at > WINDOW:
            return "late"
        said = normal(text)
        if said in _NO:
            return "no"
        # Recognisers sometimes join two words; nothing else is forgiven.
        return "yes" if said.replace(" ", "") == self.phrase.replace(" ", "") else "phrase"
