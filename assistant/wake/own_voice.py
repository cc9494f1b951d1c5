"""What the assistant itself is saying: its own wake word, out of its own loudspeaker, must not wake it."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.messages import Spoken, tts

MOST_WAITING = 32
"""Utterances that wait to be spoken and name a wake word; more are not remembered."""


class OwnVoice:
    """Follows the utterances. A word that one of them names is deaf from its first sound until
    `tail_frames` after its last."""

    def __init__(self, words: Sequence[str], *, tail_frames: int) -> None:
        self._words = words
        self._tail = tail_frames
        self._waiting: dict[str, frozenset[str]] = {}
        self._now: frozenset[str] = frozenset()
        self._left = -1

    @property
    def words(self) -> frozenset[str]:
        """Wake words that may be the assistant's own now."""
        return self._now

    def say(self, message: tts.Say) -> None:
        """Something is to be spoken."""
        named = frozenset(word for word in self._words if names(message.text, word))
        if named and len(self._waiting) < MOST_WAITING:
            self._waiting[message.session] = self._waiting.get(message.session, frozenset()) | named

    def started(self, session: str) -> None:
        """It sounds."""
        self._now, self._left = self._now | self._waiting.get(session, frozenset()), -1

    def ended(self, session: str) -> None:
        """It is over; what the microphone has not given yet is still to come."""
        self._waiting.pop(session, None)
        self._left = self._tail

    def frame(self) -> None:
        """A frame of the microphone was worked through."""
        if self._left > 0:
            self._left -= 1
        elif self._left == 0:
            self._now, self._left = frozenset(), -1


def names(text: Spoken, word: str) -> bool:
    """Whether `text` holds the last part of a wake word ("mycroft"), written together or apart."""
    own = word.rpartition("_")[2]
    return own in "".join(filter(str.isalpha, text.text.lower()))
