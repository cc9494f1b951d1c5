"""Where sound comes from: a microphone or a file. Blocking; one thread reads."""

from __future__ import annotations

from typing import Protocol

from assistant.audio.frame import Samples


class Source(Protocol):
    """A capture device. After `close` it can be opened again."""

    name: str

    def open(self) -> None:
        """Start to capture. Raises DeviceError."""
        ...

    def read(self) -> Samples | None:
        """The next FRAME_SAMPLES samples at 16 kHz; None when there will be no more. Blocks. Raises DeviceError."""
        ...

    def close(self) -> None:
        """Let go of the device at once; a blocked `read` returns or raises DeviceError. Closing twice is fine."""
        ...
