"""The bus inside one process. A round trip costs microseconds; delivery order is publishing order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

from assistant.bus.base import Envelope
from assistant.messages.base import Message


class MemorySubscription:
    """A bounded queue. When it is full the oldest message goes and `lost` counts it."""

    def __init__(self, name: str, limit: int, leave: Callable[[MemorySubscription], None]) -> None:
        self.name = name
        self.lost = 0
        self._limit = limit
        self._leave = leave
        self._waiting: deque[Envelope] = deque()
        self._ready = asyncio.Event()
        self._closed = False

    def put(self, envelope: Envelope) -> None:
        """Called by the bus."""
        if self._closed:
            return
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(envelope)
        self._ready.set()

    async def __aiter__(self) -> AsyncIterator[Envelope]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._closed:
                return
            self._ready.clear()
            await self._ready.wait()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._leave(self)
            self._ready.set()


class MemoryBus:
    """Publish and subscribe inside one event loop."""

    def __init__(self, *, queue: int = 1000) -> None:
        self._queue = queue
        self._readers: dict[type[Message], list[MemorySubscription]] = {}

    def publish(self, message: Message, sender: str) -> None:
        envelope = Envelope(message, sender)
        for reader in tuple(self._readers.get(type(message), ())):
            reader.put(envelope)

    def subscribe(self, kinds: Iterable[type[Message]], name: str) -> MemorySubscription:
        reader = MemorySubscription(name, self._queue, self._leave)
        for kind in kinds:
            self._readers.setdefault(kind, []).append(reader)
        return reader

    def close(self) -> None:
        """End every subscription."""
        for readers in tuple(self._readers.values()):
            for reader in tuple(readers):
                reader.close()

    def _leave(self, reader: MemorySubscription) -> None:
        for readers in self._readers.values():
            if reader in readers:
                readers.remove(reader)
