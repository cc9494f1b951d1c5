"""How sound may reach the gate, in this process or another. Holders ask first, and offer only after a yes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from assistant.consent.clip import NewClip


class Keeper(Protocol):
    """The gate as holders of sound see it. Neither call ever raises: what cannot be kept is simply not kept."""

    async def wants(self) -> Collection[str]:
        """The purposes that something may be kept for now. Asked anew each time; nothing of it is remembered."""
        ...

    async def offer(self, purpose: str, clip: NewClip) -> bool:
        """Hand over a clip; True if it was kept. Its samples are zeros afterwards, here and there."""
        ...
