"""A holder's side of the gate: ask over the bus, offer over the bus, and only after a yes bring the sound."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import TypeVar

from assistant.bus.base import Bus
from assistant.consent.clip import NewClip
from assistant.consent.ports import Carrier, Leave
from assistant.errors import BusError
from assistant.messages import Message, consent

PATIENCE_SECONDS = 3.0
"""A gate that has not answered by then keeps nothing."""
SENDER = "holder"

A = TypeVar("A", consent.Leave, consent.Decided)


class BusKeeper:
    """Implements ports.Keeper. The bus is that of this process or the hub's; `carrier` brings the sound."""

    def __init__(self, carrier: Carrier, *, patience: float = PATIENCE_SECONDS) -> None:
        self._carrier = carrier
        self._patience = patience
        self._bus: Bus | None = None

    def join(self, bus: Bus) -> None:
        self._bus = bus

    async def wants(self) -> Leave:
        wish = consent.Ask(request=secrets.token_hex(8))
        answer = await self._answer(wish, wish.request, consent.Leave)
        return Leave(answer.generation, frozenset(answer.purposes)) if answer is not None else Leave()

    async def offer(self, leave: Leave, purpose: str, clip: NewClip) -> bool:
        try:
            if purpose not in leave.purposes:
                return False
            secret = secrets.token_bytes(32)
            wish = consent.Offer(
                request=secrets.token_hex(8),
                purpose=purpose,
                generation=leave.generation,
                proof=hashlib.sha256(secret).hexdigest(),
            )
            answer = await self._answer(wish, wish.request, consent.Decided)
            return answer is not None and answer.accepted and await self._carrier.hand(secret, clip)
        finally:
            clip.samples[:] = 0

    async def _answer(self, wish: Message, request: str, kind: type[A]) -> A | None:
        """The gate's answer to a wish, or None when there is none in time."""
        if self._bus is None:
            return None
        inbox = self._bus.subscribe((kind,), SENDER)
        try:
            self._bus.publish(wish, SENDER)
            async with asyncio.timeout(self._patience):
                async for envelope in inbox:
                    message = envelope.message
                    if isinstance(message, kind) and message.request == request:
                        return message
        except (TimeoutError, BusError):
            pass
        finally:
            inbox.close()
        return None
