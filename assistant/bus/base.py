"""What a bus is. Publishing never waits; a reader that falls behind is told how many messages it lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Protocol

from assistant.messages.base import Message


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message on its way. `sender` is stamped by the bus, never believed from the message."""

    message: Message
    sender: str


class Subscription(Protocol):
    """Messages of the kinds asked for, in the order they were published. Ends when the bus closes."""

    lost: int
    """How many messages were dropped because this reader was slow."""

    def __aiter__(self) -> AsyncIterator[Envelope]: ...

    def close(self) -> None:
        """No more messages."""
        ...


class Bus(Protocol):
    """Publish and subscribe."""

    def publish(self, message: Message, sender: str) -> None:
        """Hand a message to everyone who subscribed to its kind. Never blocks."""
        ...

    def subscribe(self, kinds: Iterable[type[Message]], name: str) -> Subscription:
        """Messages of these kinds from now on."""
        ...
