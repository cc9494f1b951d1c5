"""The connection to the broker: kept up, taken up again when it breaks, all subscriptions with it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Awaitable, Callable

from assistant.skills.api import NotAllowed, Streams, Unreachable

from . import mqtt

KEEP_ALIVE = 30
ACKNOWLEDGED_SECONDS = 2.0
RETRIES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before it is tried again, and again."""
BATCH = 50


class Broker:
    """`run` it as a task. Set `heard`, which gets every message. `problem` is empty while it is connected."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Streams]],
        *,
        user: str = "",
        password: str = "",
        retries: tuple[float, ...] = RETRIES,
    ) -> None:
        self.problem = "connecting"
        self.connected = asyncio.Event()
        self._connect = connect
        self.heard: Callable[[mqtt.Message], None] = lambda message: None
        self._user, self._password = user, password
        self._retries = retries
        self._topics: dict[str, None] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._numbers = itertools.cycle(range(1, 65536))
        self._waiting: dict[int, asyncio.Future[None]] = {}

    async def run(self) -> None:
        """For ever: connect, listen, and again."""
        attempt = 0
        while True:
            try:
                await self._session()
                self.problem = "gone"
            except NotAllowed:
                self.problem = "not_allowed"
            except (Unreachable, OSError, mqtt.Malformed, TimeoutError):
                self.problem = "gone"
            except Refused as refused:
                self.problem = str(refused)
            attempt = 0 if self.connected.is_set() else attempt + 1
            self.connected.clear()
            await asyncio.sleep(self._retries[min(attempt, len(self._retries) - 1)])

    def subscribe(self, topics: list[str]) -> None:
        """Hear these from now on, also after it was gone."""
        fresh = [topic for topic in dict.fromkeys(topics) if topic and topic not in self._topics]
        self._topics.update(dict.fromkeys(fresh))
        if self._writer is not None:
            self._send_subscriptions(self._writer, fresh)

    async def publish(self, topic: str, payload: str) -> bool:
        """Whether the broker has taken it."""
        if self._writer is None or not self.connected.is_set():
            return False
        number = next(self._numbers)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = done
        try:
            self._writer.write(mqtt.publish(topic, payload.encode(), number))
            await asyncio.wait_for(done, ACKNOWLEDGED_SECONDS)
        except (OSError, TimeoutError):
            return False
        finally:
            self._waiting.pop(number, None)
        return True

    async def _session(self) -> None:
        reader, self._writer = await self._connect()
        writer, packets = self._writer, mqtt.Reader()
        pinging = None
        try:
            name = f"assistant-{secrets.token_hex(4)}"
            writer.write(mqtt.connect(name, KEEP_ALIVE, self._user, self._password))
            while data := await asyncio.wait_for(reader.read(1 << 16), KEEP_ALIVE * 1.5):
                for packet in packets.feed(data):
                    if not self.connected.is_set():
                        if why := mqtt.refusal(packet):
                            raise Refused(why)
                        self.connected.set()
                        self.problem = ""
                        pinging = asyncio.create_task(_ping(writer))
                        self._send_subscriptions(writer, list(self._topics))
                    else:
                        self._take(packet, writer)
        finally:
            self._writer = None
            if pinging is not None:
                pinging.cancel()
            with contextlib.suppress(OSError):
                writer.write(mqtt.disconnect())
            writer.close()

    def _take(self, packet: mqtt.Packet, writer: asyncio.StreamWriter) -> None:
        if packet.kind == mqtt.PUBLISH:
            found = mqtt.message(packet)
            if found.number:
                writer.write(mqtt.acknowledge(found.number))
            self.heard(found)
        elif packet.kind == mqtt.PUBACK:
            waiting = self._waiting.get(mqtt.number_of(packet))
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    def _send_subscriptions(self, writer: asyncio.StreamWriter, topics: list[str]) -> None:
        for start in range(0, len(topics), BATCH):
            writer.write(mqtt.subscribe(next(self._numbers), topics[start : start + BATCH]))


class Refused(Exception):
    """The broker does not want this client; the text says why."""


async def _ping(writer: asyncio.StreamWriter) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE / 2)
        writer.write(mqtt.ping())
