"""The bus as seen from another process: a connection to the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from assistant.bus import codec
from assistant.bus.memory import MemoryBus, MemorySubscription
from assistant.errors import BusError, CodecError, HubSilent, HubUnreachable, PolicyError
from assistant.messages import Message

CONNECT_SECONDS = 15.0
"""A small machine that trains and speaks at the same time may take seconds; where nobody is, it is known at once."""
_SILENT = ("the assistant runs but does not answer", "It may be busy: try again, or look at its log")


class SocketBus:
    """Joined to the hub as `name`. Use `connect`."""

    def __init__(self, connection: ClientConnection, name: str, words: bool) -> None:
        self.name = name
        self.words = words
        """Whether the hub lets this connection see what people said."""
        self.refused: list[str] = []
        """What the hub would not take from us, newest last."""
        self._connection = connection
        self._local = MemoryBus()
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(maxsize=1000)

    def publish(self, message: Message, sender: str) -> None:
        """Send to the hub. Raises BusError when a thousand messages already wait."""
        try:
            self._outgoing.put_nowait(codec.dumps(codec.encode(message)))
        except asyncio.QueueFull as error:
            raise BusError("the hub does not take messages fast enough", where=sender) from error

    def subscribe(self, kinds: Iterable[type[Message]], name: str) -> MemorySubscription:
        """Messages of these kinds, which must be among those named when joining."""
        return self._local.subscribe(kinds, name)

    async def run(self) -> None:
        """Move messages until the connection ends; then every subscription ends too."""
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self._send())
                async for frame in self._connection:
                    self._take(codec.loads(frame))
                    del frame  # it may hold what someone said
                sending.cancel()
        except* ConnectionClosed:
            pass
        finally:
            self._local.close()

    def _take(self, data: dict[str, object]) -> None:
        if isinstance(reason := data.get("refused"), str):
            self.refused = [*self.refused[-9:], reason]
            return
        sender = data.pop("from", "")
        self._local.publish(codec.decode(data), str(sender))

    async def _send(self) -> None:
        while True:
            await self._connection.send(await self._outgoing.get())
            self._outgoing.task_done()

    async def flush(self) -> None:
        """Wait until everything published has been handed to the socket."""
        await self._outgoing.join()


@asynccontextmanager
async def connect(path: Path, *, hears: Iterable[type[Message]] = (), name: str = "client") -> AsyncIterator[SocketBus]:
    """Join the hub at `path`. Raises HubSilent, HubUnreachable, or PolicyError when the hub does not want us."""
    try:
        connection = await unix_connect(
            str(path), compression=None, max_size=1 << 20, open_timeout=CONNECT_SECONDS, close_timeout=1,
            ping_interval=None,
        )  # fmt: skip
    except PermissionError as error:
        raise HubUnreachable(
            "no permission to talk to the assistant", where=str(path), hint="Join the group that owns the socket"
        ) from error
    except TimeoutError as error:
        raise HubSilent(_SILENT[0], where=str(path), hint=_SILENT[1]) from error
    except (OSError, InvalidHandshake) as error:
        raise HubUnreachable("the assistant is not running", where=str(path), hint="Start it: assistant run") from error
    async with connection:
        await connection.send(codec.dumps({"join": {"as": name, "hears": [kind.topic for kind in hears]}}))
        bus = SocketBus(connection, name, await _welcome(connection))
        moving = asyncio.create_task(bus.run(), name=f"{name}:socket")
        try:
            yield bus
            if not moving.done():
                await asyncio.wait({asyncio.create_task(bus.flush()), moving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            moving.cancel()
            await asyncio.wait({moving})


async def _welcome(connection: ClientConnection) -> bool:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            data = codec.loads(await connection.recv())
    except TimeoutError as error:
        raise HubSilent(_SILENT[0], hint=_SILENT[1]) from error
    except ConnectionClosed as error:
        raise HubUnreachable("the hub closed the connection") from error
    if isinstance(reason := data.get("refused"), str):
        raise PolicyError(reason)
    joined = data.get("joined")
    if not isinstance(joined, dict):
        raise CodecError("the hub's first frame is not a welcome")
    return joined.get("words") is True
