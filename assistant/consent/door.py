"""The gate's side of an offer: say what may be kept, accept or refuse, take the clip, and commit it.

A clip gets in only with a secret whose hash was offered before, over the bus, by the holder: the bus knows who spoke,
so nobody else who can reach the socket can bring anything. Each accepted offer is good once and for a short time, and
the gate looks at consent and generation again at the moment of writing.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from assistant.consent.clip import NewClip
from assistant.consent.gate import Gate, Permit
from assistant.consent.ports import Leave
from assistant.errors import ConsentError, Refused

GOOD_SECONDS = 10.0
"""An accepted clip must be brought within this time."""
MOST = 8
"""Accepted offers that may wait for their clips."""

T = TypeVar("T")
_log = logging.getLogger("assistant.consent")


@dataclass(frozen=True, slots=True)
class _Accepted:
    permit: Permit
    until: float


class Door:
    """Works in a thread of its own, so that keeping never delays an answer. Implements ports.Carrier for holders in
    this process."""

    def __init__(self, gate: Gate, clock: Callable[[], float] = time.monotonic) -> None:
        self._gate = gate
        self._clock = clock
        self._accepted: dict[str, _Accepted] = {}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="keep")

    async def leave(self) -> Leave:
        """What may be kept now; nothing when the store cannot be used."""
        permits = await self._work(self._gate.permits) or {}
        generation = next((one.generation for one in permits.values()), 0)
        return Leave(generation, frozenset(permits))

    async def accept(self, purpose: str, generation: int, proof: str) -> bool:
        """Whether a clip offered for this purpose, under a leave of this generation, may be brought."""
        permit = (await self._work(self._gate.permits) or {}).get(purpose)
        now = self._clock()
        self._accepted = {key: one for key, one in self._accepted.items() if one.until > now}
        if permit is None or permit.generation != generation or len(self._accepted) >= MOST:
            return False
        self._accepted[proof] = _Accepted(permit, now + GOOD_SECONDS)
        return True

    def knows(self, secret: bytes) -> bool:
        """Whether this secret belongs to an accepted offer. To be asked before a clip is read from anywhere."""
        found = self._accepted.get(hashlib.sha256(secret).hexdigest())
        return found is not None and found.until > self._clock()

    async def hand(self, secret: bytes, clip: NewClip) -> bool:
        """Take a clip and keep it. Whatever happens, its samples are zeros afterwards."""
        try:
            known = self.knows(secret)
            found = self._accepted.pop(hashlib.sha256(secret).hexdigest(), None)
            if found is None or not known:
                return False
            return await self._work(lambda: self._gate.keep(found.permit, clip)) is not None
        finally:
            clip.samples[:] = 0

    async def _work(self, work: Callable[[], T]) -> T | None:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except Refused:
            return None
        except ConsentError as error:
            _log.warning("nothing can be kept: %s", error)
            return None
