"""What the sound room says and can be asked for. Sound itself never travels on the bus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from assistant.messages.base import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute(Message):
    """Close the microphone."""

    topic: ClassVar[str] = "audio.mute"
    wish: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmute(Message):
    """Open the microphone again."""

    topic: ClassVar[str] = "audio.unmute"
    wish: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Message):
    """Look who holds a microphone open, by the kernel's and the sound server's account. Answered by `audio.seen`."""

    topic: ClassVar[str] = "audio.look"
    wish: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Message):
    """Who holds a microphone open, by the kernel's and the sound server's account: never from a flag.

    `ours` and `others` are processes as text. `server`: a sound server was asked, too. `fault` says how the
    assistant's own belief contradicts that, `blind` what could not be asked; empty when all is well.
    """

    topic: ClassVar[str] = "audio.seen"
    ours: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    server: bool = False
    fault: str = ""
    blind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chime(Message):
    """Play one of the built-in sounds: listen, done, error, ring. `times` repeats it until `audio.quiet`."""

    topic: ClassVar[str] = "audio.chime"
    wish: ClassVar[bool] = True
    name: str
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet(Message):
    """Stop a chime that is playing."""

    topic: ClassVar[str] = "audio.quiet"
    wish: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(Message):
    """Play everything this loud: `level` from 0 to 1. Answered by `audio.volumed`."""

    topic: ClassVar[str] = "audio.volume"
    wish: ClassVar[bool] = True
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumed(Message):
    """How loud everything is played, from 0 to 1. Said at a change, and to whoever starts."""

    topic: ClassVar[str] = "audio.volumed"
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted(Message):
    """The capture device is closed. `by` is button, restart (it was muted before), or empty for a message."""

    topic: ClassVar[str] = "audio.muted"
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmuted(Message):
    """The capture device is open again, by a button or a message."""

    topic: ClassVar[str] = "audio.unmuted"
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Message):
    """A device stopped working; the assistant keeps trying to open it."""

    topic: ClassVar[str] = "audio.failed"
    device: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Message):
    """A device that had failed works again."""

    topic: ClassVar[str] = "audio.restored"
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Message):
    """The source has no more sound (a file came to its end)."""

    topic: ClassVar[str] = "audio.ended"
    sample: int
