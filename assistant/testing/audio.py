"""A microphone and a speaker that a test holds in its hands. They keep the same contract as real devices."""

from __future__ import annotations

import threading

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, Samples
from assistant.errors import DeviceError


class FakeSource:
    """Implements audio.source.Source. Hears what is given by `hear`; waits for it in `read`.

    `unplug` makes it fail, and stay so until `plug`; `finish` ends it when everything was read.
    """

    def __init__(self, name: str = "fake microphone", *, device: bool = True, paced: bool = True) -> None:
        self.name = name
        self.device = device
        self.paced = paced
        self.opened = 0
        """How often it was opened."""
        self.refused = 0
        """How often it could not be opened."""
        self.is_open = False
        self._frames: list[Samples] = []
        self._finished = False
        self._unplugged = ""
        self._changed = threading.Condition()

    def hear(self, samples: Samples) -> None:
        """Sound comes in: whole frames, the last one filled up with silence."""
        with self._changed:
            for start in range(0, len(samples), FRAME_SAMPLES):
                frame: Samples = np.zeros(FRAME_SAMPLES, dtype=np.int16)
                part = samples[start : start + FRAME_SAMPLES]
                frame[: len(part)] = part
                self._frames.append(frame)
            self._changed.notify_all()

    def finish(self) -> None:
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def unplug(self, reason: str = "was pulled out") -> None:
        with self._changed:
            self._unplugged = reason
            self._changed.notify_all()

    def plug(self) -> None:
        with self._changed:
            self._unplugged = ""

    def open(self) -> None:
        with self._changed:
            if self._unplugged:
                self.refused += 1
                raise DeviceError(self._unplugged, where=self.name, hint="Plug it in")
            self.is_open = True
            self.opened += 1

    def read(self) -> Samples | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._frames or self._finished or self._unplugged or not self.is_open, timeout=10
            )
            if self._unplugged:
                raise DeviceError(self._unplugged, where=self.name, hint="Plug it in")
            if not self.is_open or not self._frames:
                return None
            return self._frames.pop(0)

    def close(self) -> None:
        with self._changed:
            self.is_open = False
            self._changed.notify_all()


class FakeSink:
    """Implements audio.sink.Sink. `heard` holds what was played, one list of pieces for each time it was opened.

    `hold` makes writes wait, as a speaker with a full buffer does, until `release`; `unplug` makes it fail.
    """

    def __init__(self, name: str = "fake speaker") -> None:
        self.name = name
        self.heard: list[list[Samples]] = []
        self.rates: list[int] = []
        self.is_open = False
        self.waiting = threading.Event()
        """Set when a write has come to wait."""
        self._held = False
        self._unplugged = ""
        self._changed = threading.Condition()

    @property
    def sound(self) -> Samples:
        """All that was heard, shape (n,)."""
        with self._changed:
            return np.concatenate([np.zeros(0, dtype=np.int16), *(piece for pieces in self.heard for piece in pieces)])

    def hold(self) -> None:
        with self._changed:
            self.waiting.clear()
            self._held = True

    def release(self) -> None:
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def unplug(self, reason: str = "was pulled out") -> None:
        with self._changed:
            self._unplugged = reason
            self._changed.notify_all()

    def plug(self) -> None:
        with self._changed:
            self._unplugged = ""

    def open(self, rate: int) -> None:
        with self._changed:
            self._check()
            self.is_open = True
            self.rates.append(rate)
            self.heard.append([])

    def write(self, samples: Samples) -> None:
        with self._changed:
            if self._held and self.is_open:
                self.waiting.set()
                self._changed.wait_for(lambda: not self._held or not self.is_open or self._unplugged, timeout=10)
            if not self.is_open:
                return
            self._check()
            self.heard[-1].append(samples.copy())

    def drain(self) -> None:
        with self._changed:
            if self.is_open:
                self._check()

    def abort(self) -> None:
        self.close()

    def close(self) -> None:
        with self._changed:
            self.is_open = False
            self._changed.notify_all()

    def _check(self) -> None:
        if self._unplugged:
            raise DeviceError(self._unplugged, where=self.name, hint="Plug it in")
