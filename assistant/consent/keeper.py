"""The gate in this process, as a `Keeper`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from assistant.consent.clip import NewClip
from assistant.consent.gate import Gate
from assistant.errors import ConsentError, Refused

T = TypeVar("T")
_log = logging.getLogger("assistant.consent")


class LocalKeeper:
    """Works in a thread of its own, so that keeping never delays an answer."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="keep")

    async def wants(self) -> Collection[str]:
        permits = await self._work(self._gate.permits)
        return frozenset(permits or ())

    async def offer(self, purpose: str, clip: NewClip) -> bool:
        try:
            return bool(await self._work(lambda: self._keep(purpose, clip)))
        finally:
            clip.samples[:] = 0

    def close(self) -> None:
        self._worker.shutdown(wait=True)

    def _keep(self, purpose: str, clip: NewClip) -> bool:
        permit = self._gate.permits().get(purpose)
        if permit is None:
            return False
        self._gate.keep(permit, clip)
        return True

    async def _work(self, work: Callable[[], T]) -> T | None:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except Refused:
            return None
        except ConsentError as error:
            _log.warning("a clip could not be kept: %s", error)
            return None
