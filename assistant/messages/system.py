"""What any service says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from assistant.messages.base import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(Message):
    """Every service is asked to say how it is."""

    topic: ClassVar[str] = "system.probe"
    wish: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(Message):
    """A service has started and answers."""

    topic: ClassVar[str] = "system.ready"
    service: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health(Message):
    """How a service is, in words for a person."""

    topic: ClassVar[str] = "system.health"
    service: str
    state: Literal["starting", "ok", "degraded", "failed", "muted"]
    note: str = ""
    pid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Message):
    """A service broke; the runner starts it again."""

    topic: ClassVar[str] = "system.failed"
    service: str
    error: str
