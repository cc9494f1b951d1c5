"""Where sound goes: a speaker or a file. Blocking; one thread writes."""

from __future__ import annotations

from typing import Protocol

from assistant.audio.frame import Samples


class Sink(Protocol):
    """A playback device for mono sound at the rate given to `open`."""

    name: str

    def open(self, rate: int) -> None:
        """Get ready to play at `rate` samples per second. Raises DeviceError."""
        ...

    def write(self, samples: Samples) -> None:
        """Queue sound; blocks while the device's buffer is full. Raises DeviceError."""
        ...

    def drain(self) -> None:
        """Wait until everything written has been heard."""
        ...

    def abort(self) -> None:
        """Fall silent at once; what was queued is not played. May be called from another thread."""
        ...

    def close(self) -> None:
        """Let go of the device. Closing twice is fine."""
        ...
