"""Finds out when a person has finished speaking. Pure: sound goes in, events come out; nothing waits or reads a
clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from assistant.audio.frame import RATE, Samples
from assistant.stt.voice import BANDS, HOP, KEEP, WINDOW, Floats, measure, noisiness, voiced_hops

BLOCK = 4
"""Moments judged at a time (40 ms), so that the result does not depend on how the sound was cut into frames."""
FIRST = 1
"""The same at the very beginning. A window is longer than a step, so that judging lags behind the sound by three steps;
in this way by no more, where sound comes in frames of 80 ms."""
_HISTORY = 400
"""Decisions looked back at for the noise: 4 s."""
NOISY_SECONDS = 0.2
"""So much more silence is needed where noise swallows the quiet parts of speech."""
CLEARLY_NOISY = 0.5
"""Noisiness from which on even what seems to be over beyond doubt is waited for."""
MIN_VOICED = 10
"""Voiced hops within `ONSET_SPAN` that make speech: a click has fewer."""
ONSET_SPAN = 30
_MIN_RUN = 3
"""Voiced hops in a row that count as more speech later on."""

Cause = Literal["done", "limit", "silence"]
State = Literal["waiting", "speaking", "trailing", "ended"]


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began at `sample`."""

    sample: int


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing has been voiced since `sample`; it may have been the end."""

    sample: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """It was not the end; voiced again until `sample`."""

    sample: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Stop listening. Samples count from the first one given.

    `cause` is done (silence after speech), limit (too long) or silence (nobody spoke). `voiced` is the end of the
    last voiced moment, `decided` where the decision fell.
    """

    cause: Cause
    voiced: int
    decided: int


Event = Started | Paused | Resumed | Ended


class Endpointer:
    """Waiting for speech, speaking, trailing off, ended."""

    def __init__(
        self,
        *,
        patience: float = 5.0,
        silence_seconds: float = 0.7,
        pause_seconds: float = 0.2,
        max_seconds: float = 12.0,
    ) -> None:
        """All in seconds: how long to wait for speech, how much silence ends it, how much is a pause, and the
        limit."""
        self.state: State = "waiting"
        self.silence_seconds = self._usual = silence_seconds
        """May be changed while listening, when it becomes clear that more or less is to be expected."""
        self._patience = int(patience * RATE)
        self._pause = int(pause_seconds * RATE)
        self._max = int(max_seconds * RATE)
        self._rest: Samples = np.zeros(0, np.int16)
        self._features: Floats = np.zeros((_HISTORY, BANDS + 1), np.float32)
        self._hops = 0
        self._since = 0
        self._began = 0
        self._voiced = 0

    @property
    def since(self) -> int:
        """Where listening began, or began again, in samples."""
        return self._since * HOP

    @property
    def position(self) -> int:
        """Samples judged so far."""
        return self._hops * HOP

    @property
    def voiced(self) -> int:
        """End of the last voiced moment, in samples; 0 while nobody has spoken."""
        return self._voiced

    @property
    def began(self) -> int:
        """Where speech began, in samples; 0 while nobody has spoken."""
        return self._began

    def noisy_seconds(self, above: float = 0.0) -> float:
        """How much more silence the noise asks for: 0 in a quiet room, or where the `noisiness` is not `above` this."""
        known = min(self._hops, _HISTORY)
        # A moment is heard in the windows that begin before it, too.
        quiet = (self.position - self._voiced) // HOP - WINDOW // HOP if self._voiced else 0
        noisy = noisiness(self._features[-known:], min(quiet, known)) if known else 0.0
        return NOISY_SECONDS * max(0.0, noisy - above) / (1.0 - above)

    def feed(self, samples: Samples) -> list[Event]:
        """Take more sound, any length; the events it caused, in order. After `Ended` nothing more comes."""
        if self.state == "ended":
            return []
        sound = np.concatenate((self._rest, samples))
        events: list[Event] = []
        at = 0
        while not _over(events):
            size = (BLOCK if self._hops else FIRST) * HOP
            if at + size + WINDOW - HOP > len(sound):
                break
            self._remember(measure(sound[at : at + size + WINDOW - HOP]))
            events += self._judge()
            at += size
        self._rest = sound[at:].copy()
        return events

    def finish(self) -> Ended | None:
        """There will be no more sound. None if it had ended before."""
        if self.state == "ended":
            return None
        return self._end("silence" if self.state == "waiting" else "done")

    def again(self, patience: float) -> None:
        """After `Ended`: wait for more speech, `patience` seconds at most. What is known of the noise stays known."""
        self.state = "waiting"
        self.silence_seconds = self._usual
        self._patience = int(patience * RATE)
        self._since = self._hops
        self._began = self._voiced = 0

    def clear(self) -> None:
        """Forget the sound."""
        self.state = "ended"
        self._rest = np.zeros(0, np.int16)
        self._features.fill(0)

    def _remember(self, features: Floats) -> None:
        count = len(features)
        self._features[:-count] = self._features[count:]
        self._features[-count:] = features
        self._hops += count

    def _judge(self) -> list[Event]:
        known = min(self._hops, _HISTORY)
        flags = voiced_hops(self._features[-known:], 1.0 if self.state == "waiting" else KEEP)
        offset = self._hops - known
        if self.state == "waiting":
            flags[: max(0, self._since - offset)] = False
            first = _onset(flags)
            if first is None:
                return [self._end("silence")] if self.position - self.since >= self._patience else []
            self.state = "speaking"
            self._began = (offset + first) * HOP
            self._voiced = (offset + _last_run(flags, 1)) * HOP
            return [Started(self._began)]
        last = (offset + _last_run(flags, _MIN_RUN)) * HOP
        # A noise that had passed for speech is taken back once it is known to be steady, but never all of it.
        self._voiced = max(last, min(self._voiced, offset * HOP), self._began)
        quiet = self.position - self._voiced
        # Where noise swallows quiet syllables, a pause is one only when it is longer.
        paused = quiet >= self._pause and quiet >= self._pause + self.noisy_seconds(CLEARLY_NOISY) * RATE
        if quiet >= self.silence_seconds * RATE:
            return [self._end("done")]
        if self.position - self._began >= self._max:
            return [self._end("limit")]
        if self.state == "speaking" and paused:
            self.state = "trailing"
            return [Paused(self._voiced)]
        if self.state == "trailing" and quiet < self._pause:
            self.state = "speaking"
            return [Resumed(self._voiced)]
        return []

    def _end(self, cause: Cause) -> Ended:
        self.state = "ended"
        return Ended(cause, self._voiced, self.position)


def _over(events: list[Event]) -> bool:
    return bool(events) and isinstance(events[-1], Ended)


def _onset(flags: npt.NDArray[np.bool_]) -> int | None:
    """The first voiced hop of the first `ONSET_SPAN` that has enough of them."""
    total = np.concatenate(([0], np.cumsum(flags)))
    span = min(ONSET_SPAN, len(flags))
    enough = np.flatnonzero(total[span:] - total[:-span] >= MIN_VOICED)
    if len(enough) == 0:
        return None
    return int(enough[0]) + int(np.argmax(flags[enough[0] :]))


def _last_run(flags: npt.NDArray[np.bool_], size: int) -> int:
    """End of the last run of at least `size` voiced hops; 0 if there is none."""
    total = np.concatenate(([0], np.cumsum(flags)))
    if len(flags) < size:
        return 0
    full = np.flatnonzero(total[size:] - total[:-size] == size)
    return int(full[-1]) + size if len(full) else 0
