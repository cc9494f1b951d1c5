"""The hub: lets other processes join the in-memory bus over a unix socket. Nothing listens on a network port.

Frames are JSON text (websockets, RFC 6455), each direction one object per frame:

    client -> hub   {"join": {"as": "client" or a service, "hears": [topics]}}      first, once
                    {"topic": …, "body": {…}}                                       publish
    hub -> client   {"joined": {"as": …, "words": bool}}
                    {"from": …, "topic": …, "body": {…}}                            a message
                    {"refused": "why"}                                              your last frame did not count

A malformed or oversized frame closes its sender and nobody else. A reader that does not keep up is disconnected once
its queue is full, so memory stays bounded.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from assistant.bus import codec
from assistant.bus.base import Bus, Subscription
from assistant.bus.policy import Policy, Rights, own_uid, peer_uid, role_of, without_words
from assistant.errors import BusError, CodecError, PolicyError
from assistant.messages import CATALOG, Message, dialog, system

SOCKET_MODE = 0o660
MAX_CLIENTS = 64
JOIN_SECONDS = 5.0
"""A client that says nothing this long after connecting is let go (slow-loris)."""

log = logging.getLogger("assistant.hub")


class Hub:
    """Serves `bus` on a unix socket."""

    def __init__(self, bus: Bus, policy: Policy, path: Path, *, max_bytes: int) -> None:
        self._bus = bus
        self._policy = policy
        self._path = path
        self._max_bytes = max_bytes
        self._server: Server | None = None
        self._joined: dict[str, ServerConnection] = {}
        self._clients = 0
        self.reserved: set[str] = set()
        """Services that run in this process: nobody else may use their names."""

    async def start(self) -> None:
        """Listen. Raises BusError when another assistant already does or the folder cannot be used."""
        path = self._path
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            await self._claim(path)
            before = os.umask(0o777 & ~SOCKET_MODE)
            try:
                self._server = await unix_serve(
                    self._serve,
                    str(path),
                    compression=None,
                    max_size=self._max_bytes,
                    max_queue=16,
                    write_limit=64 * 1024,
                    open_timeout=JOIN_SECONDS,
                    ping_interval=20,
                    ping_timeout=20,
                    close_timeout=1,
                    process_request=self._admit,
                    logger=logging.getLogger("assistant.hub.websockets"),
                )
            finally:
                os.umask(before)
        except OSError as error:
            raise BusError(
                f"cannot listen: {error.strerror or error}",
                where=str(path),
                hint="Set bus.socket to a path this user may write, or XDG_RUNTIME_DIR",
            ) from error

    async def stop(self) -> None:
        """Disconnect everybody and remove the socket."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
            self._path.unlink(missing_ok=True)

    async def _claim(self, path: Path) -> None:
        """Remove the socket of a hub that died; refuse if one lives."""
        if not path.exists():
            return
        try:
            _reader, writer = await asyncio.open_unix_connection(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
        writer.close()
        raise BusError("another assistant is running here", where=str(path), hint="Stop it, or set bus.socket")

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Browsers send an Origin: no web page has any business here."""
        if request.headers.get("Origin"):
            return connection.respond(HTTPStatus.FORBIDDEN, "no web pages\n")
        if self._clients >= MAX_CLIENTS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many clients\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        self._clients += 1
        rights: Rights | None = None
        try:
            rights, wanted = await self._join(connection)
            source = self._bus.subscribe(wanted, rights.sender)
            await connection.send(codec.dumps({"joined": {"as": rights.sender, "words": rights.words}}))
            asked: set[str] = set()
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self._send(connection, source, rights, asked))
                try:
                    await self._receive(connection, rights, asked)
                finally:
                    source.close()
                    sending.cancel()
        except* (CodecError, PolicyError) as errors:
            await self._refuse(connection, errors.exceptions[0])
        except* (ConnectionClosed, TimeoutError):
            pass
        finally:
            self._clients -= 1
            if rights is not None and self._joined.get(rights.sender) is connection:
                del self._joined[rights.sender]
                self._bus.publish(system.Failed(service=rights.sender, error="disconnected"), "hub")

    async def _join(self, connection: ServerConnection) -> tuple[Rights, list[type[Message]]]:
        async with asyncio.timeout(JOIN_SECONDS):
            data = codec.loads(await connection.recv())
        wish: Any = data.get("join")
        if not isinstance(wish, dict) or not isinstance(wish.get("as"), str) or not isinstance(wish.get("hears"), list):
            raise CodecError('the first frame must be {"join": {"as": …, "hears": […]}}')
        role = role_of(peer_uid(connection.transport.get_extra_info("socket")), own_uid())
        rights = self._policy.rights(role, wish["as"])
        if rights.sender != "client":
            if rights.sender in self.reserved or rights.sender in self._joined:
                raise PolicyError("this service is already running", where=rights.sender)
            self._joined[rights.sender] = connection
        wanted = []
        for topic in wish["hears"]:
            kind = CATALOG.get(topic) if isinstance(topic, str) else None
            if kind is None:
                raise CodecError("no such topic in the catalogue", where=str(topic)[:60])
            if kind not in rights.hears:
                raise PolicyError(f"{rights.sender} may not hear {kind.topic}")
            wanted.append(kind)
        return rights, wanted

    async def _receive(self, connection: ServerConnection, rights: Rights, asked: set[str]) -> None:
        async for frame in connection:
            message = codec.decode(codec.loads(frame))
            if type(message) not in rights.says:
                await connection.send(codec.dumps({"refused": f"{rights.sender} may not say {message.topic}"}))
                continue
            if isinstance(message, dialog.Ask):
                asked.add(message.request)
            self._bus.publish(message, rights.sender)
            del frame, message  # the next may come in a week, and these may hold what someone said

    async def _send(self, connection: ServerConnection, source: Subscription, rights: Rights, asked: set[str]) -> None:
        async for envelope in source:
            message = envelope.message
            own = isinstance(message, dialog.Answered) and message.request in asked
            if not rights.words and not own:
                message = without_words(message)
            await connection.send(codec.dumps({"from": envelope.sender, **codec.encode(message)}))
            if source.lost:
                log.warning("%s reads too slowly and was disconnected", rights.sender)
                await connection.close(1008, "too slow")
                return
            if isinstance(message, dialog.Closed):
                # Both ends keep the last frame that came, until another does.
                await connection.ping()
            del envelope, message

    async def _refuse(self, connection: ServerConnection, error: BaseException) -> None:
        log.warning("a client was disconnected: %s", error)
        with suppress(ConnectionClosed):
            await connection.send(codec.dumps({"refused": str(error)}))
            await connection.close(1008, "refused")
