"""Where sound comes from: a microphone or a file. Blocking; one thread reads."""

from __future__ import annotations

from typing import Protocol

from assistant.audio.frame import Samples


class Source(Protocol):
    """A capture device. After `close` it can be opened again."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def device(self) -> bool:
        """True for something that can be unplugged: when it fails it is tried again. False: a failure is its end."""
        ...

    @property
    def paced(self) -> bool:
        """True when sound comes in real time whether it is read or not, so that slow readers lose some.
        False: it waits for its readers, and none is lost."""
        ...

    def open(self) -> None:
        """Start to capture. Raises DeviceError."""
        ...

    def read(self) -> Samples | None:
        """The next FRAME_SAMPLES samples at 16 kHz; None when there will be no more. Blocks. Raises DeviceError.

        The array is the caller's own, to overwrite when it has been used.
        """
        ...

    def close(self) -> None:
        """Let go of the device at once, from any thread; a blocked `read` returns None or raises DeviceError.
        Closing twice is fine."""
        ...
