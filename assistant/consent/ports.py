"""How sound may reach the gate, in this process or another. Holders ask first, and offer only after a yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assistant.bus.base import Bus
from assistant.consent.clip import NewClip


@dataclass(frozen=True, slots=True)
class Leave:
    """The purposes that something may be kept for, until the generation of consent changes."""

    generation: int = 0
    purposes: frozenset[str] = frozenset()


class Keeper(Protocol):
    """The gate as holders of sound see it. No call ever raises: what cannot be kept is simply not kept."""

    def join(self, bus: Bus) -> None:
        """From now on talk to the gate over this bus."""
        ...

    async def wants(self) -> Leave:
        """What may be kept now. To be asked before anything is recorded."""
        ...

    async def offer(self, leave: Leave, purpose: str, clip: NewClip) -> bool:
        """Hand over a clip that was recorded under this leave; True if it was kept. Its samples are zeros afterwards.

        Unless the gate says yes first, nothing of the clip leaves the caller.
        """
        ...


class Carrier(Protocol):
    """Brings one clip, whose offer was accepted, to the gate."""

    async def hand(self, secret: bytes, clip: NewClip) -> bool:
        """True if it was kept. Never raises for what can go wrong on the way."""
        ...
