"""How other services hear and make sound, whether the sound room is in this process or another.

`hub.Hub` and `player.Player` implement them here, `wire.WireMicrophone` and `wire.WireSpeaker` over a unix socket.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from assistant.audio.frame import Frame, Samples


class Reader(Protocol):
    """One reader's view of the microphone: `async for frame in reader`. Slow readers lose the oldest frames.

    The samples of a frame are the reader's own, to overwrite once they have been used.
    """

    def __aiter__(self) -> AsyncIterator[Frame]: ...

    async def close(self) -> None:
        """Stop reading."""
        ...


class Microphone(Protocol):
    """Sound coming in."""

    async def listen(self, *, from_sample: int | None = None) -> Reader:
        """Read from now on, or from `from_sample` as far back as the ring reaches (about 3 s). At most three readers.

        The iteration ends when the source ends, and pauses while the microphone is muted or lost; over a socket it
        raises DeviceError when the audio service goes. Raises DeviceError.
        """
        ...


class Speaker(Protocol):
    """Sound going out. One thing is played at a time."""

    async def play(self, samples: AsyncIterator[Samples], rate: int) -> bool:
        """Play to the end; False when `stop` cut it short. Raises DeviceError."""
        ...

    async def stop(self) -> None:
        """Fall silent within 100 ms: ends what plays and every `play` that waits for its turn. Chimes are not meant."""
        ...
