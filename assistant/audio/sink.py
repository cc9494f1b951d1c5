"""Where sound goes: a speaker or a file. Blocking; one thread writes."""

from __future__ import annotations

from typing import Protocol

from assistant.audio.frame import Samples


class Sink(Protocol):
    """A playback device for mono sound at the rate given to `open`. After `close` it can be opened again."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    def open(self, rate: int) -> None:
        """Get ready to play at `rate` samples per second. Raises DeviceError."""
        ...

    def write(self, samples: Samples) -> None:
        """Queue sound; blocks while the device's buffer is full. Ignored when not open. Raises DeviceError."""
        ...

    def drain(self) -> None:
        """Wait until everything written has been heard. Raises DeviceError."""
        ...

    def abort(self) -> None:
        """Fall silent at once, from any thread: what was queued is not played, a blocked `write` or `drain`
        returns, and what is written after is ignored until the sink is opened again."""
        ...

    def close(self) -> None:
        """Let go of the device without waiting. Closing twice is fine."""
        ...
