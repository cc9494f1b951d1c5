"""What is to be heard next: speech, chimes, or both. Pure; the player's lock guards it.

Speech comes first. A short chime is mixed into it; a ring waits until it is over and begins anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from assistant.audio.chimes import chime
from assistant.audio.frame import Samples

BLOCK_SECONDS = 0.04
"""What is handed to the speaker at a time, so that chimes and `stop` come soon."""
FIRST_SECONDS = 0.2
"""The first block after the speaker opens: a cushion, so that a busy machine does not stutter in the first word."""
NOTHING: Samples = np.zeros(0, dtype=np.int16)


@dataclass(slots=True)
class Speech:
    """Sound of one `play`: pieces as they arrive, until `complete`."""

    rate: int
    pieces: deque[Samples] = field(default_factory=deque)
    complete: bool = False

    @property
    def waiting(self) -> int:
        """Samples that have arrived and were not played."""
        return sum(len(piece) for piece in self.pieces)

    def take(self, count: int) -> Samples:
        """Up to `count` samples; fewer at the end, or when no more has arrived."""
        taken: list[Samples] = []
        while count and self.pieces:
            piece = self.pieces.popleft()
            if len(piece) > count:
                self.pieces.appendleft(piece[count:])
                piece = piece[:count]
            taken.append(piece)
            count -= len(piece)
        return np.concatenate(taken) if taken else NOTHING


class Chime:
    """A built-in sound, played `times` times."""

    def __init__(self, name: str, times: int = 1) -> None:
        self.name = name
        self.waits = name == "ring"
        self._times = times
        self._rate = 0
        self._sound = NOTHING
        self._at = 0
        self._ending = False

    def take(self, count: int, rate: int, *, fade: bool = False) -> Samples:
        """The next `count` samples at `rate`, filled up with silence; `fade` lets them end softly."""
        if rate != self._rate:
            self._at = self._at * rate // self._rate if self._rate else 0
            self._sound, self._rate = chime(self.name, rate), rate
        out: Samples = np.zeros(count, dtype=np.int16)
        done = 0
        while done < count and self._times > 0:
            part = self._sound[self._at : self._at + count - done]
            out[done : done + len(part)] = part
            done += len(part)
            self._at += len(part)
            if self._at >= len(self._sound):
                self._at, self._times = 0, self._times - 1
        if fade or self._ending:
            out = (out * np.linspace(1, 0, count)).astype(np.int16)
        if self._ending:
            self._times = 0
        return out

    def rewind(self) -> None:
        """Begin this repetition anew."""
        self._at = 0

    @property
    def begun(self) -> bool:
        """In the middle of a repetition."""
        return self._at > 0

    @property
    def over(self) -> bool:
        return self._times <= 0

    def end(self) -> None:
        """The next block is the last, and fades."""
        self._ending = True


class Mixer:
    """One speech and one chime at most."""

    def __init__(self, volume: float) -> None:
        self.volume = volume
        self.speech: Speech | None = None
        self.chime: Chime | None = None

    @property
    def ready(self) -> bool:
        """Whether there is sound to play now, or a speech to bring to its end."""
        if self.speech is not None and (self.speech.pieces or self.speech.complete):
            return True
        return self.chime is not None and (self.speech is None or not self.chime.waits or self.chime.begun)

    def block(self, rate: int, seconds: float = BLOCK_SECONDS) -> Samples:
        """The next block, of `seconds` at most, at `rate`, which is the speech's if there is one. Empty: nothing yet,
        or no more."""
        size = round(rate * seconds)
        talking = self.speech is not None
        words = self.speech.take(size) if self.speech is not None else NOTHING
        chime = self.chime
        pausing = chime is not None and chime.waits and talking
        if chime is None or (pausing and not chime.begun):
            return self._scaled(words)
        sound = chime.take(len(words) or size, rate, fade=pausing)
        if pausing:
            chime.rewind()
        if chime.over:
            self.chime = None
        if len(words):
            sound = np.clip(words.astype(np.int32) + sound, -32768, 32767).astype(np.int16)
        return self._scaled(sound)

    def _scaled(self, samples: Samples) -> Samples:
        if self.volume == 1.0:
            return samples
        scaled: Samples = (samples * np.float32(self.volume)).astype(np.int16)
        return scaled
