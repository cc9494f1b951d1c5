"""Devices without hardware: sound that a program provides, and a speaker that nobody hears."""

from __future__ import annotations

import threading

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, FRAME_SECONDS, Samples
from assistant.audio.pace import Pace


class QueueSource:
    """A microphone that hears what is pushed into it, at 16 kHz.

    In real time it gives silence while nothing is there, like a quiet room. Otherwise it waits for sound. It ends
    after `finish`, when everything has been read.
    """

    device = False

    def __init__(self, name: str = "queue", *, realtime: bool = True) -> None:
        self.name = name
        self.paced = realtime
        self._pace = Pace()
        self._sound: Samples = np.zeros(0, dtype=np.int16)
        self._finished = False
        self._open = False
        self._changed = threading.Condition()

    def push(self, samples: Samples) -> None:
        """Append sound, shape (n,). What was pushed before a `close` is forgotten."""
        with self._changed:
            self._sound = np.concatenate((self._sound, samples))
            self._changed.notify_all()

    def finish(self) -> None:
        """There will be no more; what is left is filled up with silence to a whole frame."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """Samples that were pushed and not read yet."""
        return len(self._sound)

    def open(self) -> None:
        with self._changed:
            self._open = True
        self._pace.begin()

    def read(self) -> Samples | None:
        if self.paced and not self._pace.step(FRAME_SECONDS):
            return None
        with self._changed:
            if not self.paced:
                self._changed.wait_for(self._ready)
            if not self._open or (self._finished and not len(self._sound)):
                return None
            frame: Samples = np.zeros(FRAME_SAMPLES, dtype=np.int16)
            taken = self._sound[:FRAME_SAMPLES]
            frame[: len(taken)] = taken
            self._sound = self._sound[FRAME_SAMPLES:]
            return frame

    def _ready(self) -> bool:
        return not self._open or self._finished or len(self._sound) >= FRAME_SAMPLES

    def close(self) -> None:
        self._pace.stop()
        with self._changed:
            self._open = False
            self._sound = np.zeros(0, dtype=np.int16)
            self._changed.notify_all()


class NullSink:
    """Plays to nobody, as fast as it is given."""

    name = "no speaker"

    def open(self, rate: int) -> None:
        pass

    def write(self, samples: Samples) -> None:
        pass

    def drain(self) -> None:
        pass

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass
