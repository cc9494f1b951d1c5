"""A clip between processes: from the holder's to the gate's, over a unix socket that the gate listens on.

    4   magic "AGW1"
    32  the secret of an accepted offer
    2   bytes of the description
    4   number of samples
        the description (JSON: session, language, word, transcript), then the samples (16 bit, little-endian)

    answer: one byte, 1 if the clip was kept

The gate checks the peer's user and the secret before it reads on, and reads the sound into the array that it will seal:
no copy of it is ever a Python `bytes`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import stat
import struct
from pathlib import Path

import numpy as np

from assistant.audio.frame import RATE
from assistant.bus.policy import own_uid, peer_uid, role_of
from assistant.consent.clip import NewClip
from assistant.consent.door import Door
from assistant.errors import StoreError

MODE = 0o600
MOST_SAMPLES = 32 * RATE
MOST_DESCRIPTION = 16 * 1024
MOST_CLIENTS = 4
PATIENCE_SECONDS = 5.0
"""A clip must have arrived within this time, and been kept."""

_MAGIC = b"AGW1"
_HEAD = struct.Struct("<4s32sHI")
_FIELDS = ("session", "language", "word", "transcript")
_log = logging.getLogger("assistant.consent")


class Intruder(Exception):
    """Whoever connected has no business here."""


class GateServer:
    """Listens for clips at `path` and hands them in at the door."""

    def __init__(self, path: Path, door: Door) -> None:
        self._path = path
        self._door = door
        self._listener: socket.socket | None = None
        self._clients: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begin to listen. Raises StoreError."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            if self._path.exists() and stat.S_ISSOCK(self._path.stat().st_mode):
                self._path.unlink()  # left behind by a process that was killed
            listener.bind(str(self._path))
            self._path.chmod(MODE)  # nobody can connect before `listen`
            listener.listen(MOST_CLIENTS)
        except OSError as error:
            listener.close()
            raise StoreError(f"the gate's socket cannot be made ({error.strerror})", where=str(self._path)) from error
        listener.setblocking(False)
        self._listener = listener

    async def serve(self) -> None:
        """Take clips until cancelled."""
        assert self._listener is not None
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            if len(self._clients) >= MOST_CLIENTS:
                connection.close()
                continue
            task = asyncio.create_task(self._greet(connection))
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)

    async def close(self) -> None:
        """Let everybody go."""
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        clients = tuple(self._clients)
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _greet(self, connection: socket.socket) -> None:
        with connection:
            connection.setblocking(False)
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    kept = await self._take(connection)
                    await asyncio.get_running_loop().sock_sendall(connection, bytes([kept]))
            except Intruder as why:
                _log.warning("a clip was refused at the gate: %s", why)
            except (OSError, TimeoutError, EOFError):
                pass  # it has gone, or never spoke

    async def _take(self, connection: socket.socket) -> bool:
        if role_of(uid := peer_uid(connection), own_uid()) != "owner":
            raise Intruder(f"user {uid} may not bring any")
        head = bytearray(_HEAD.size)
        await _fill(connection, memoryview(head))
        magic, secret, described, count = _HEAD.unpack(head)
        if magic != _MAGIC or described > MOST_DESCRIPTION or count > MOST_SAMPLES:
            raise Intruder("this is no clip")
        if not self._door.knows(secret):
            raise Intruder("nobody offered it, or the offer was not accepted")
        text = bytearray(described)
        await _fill(connection, memoryview(text))
        about = _description(text)
        text[:] = bytes(len(text))
        samples = np.zeros(count, dtype="<i2")
        try:
            if count:
                await _fill(connection, samples.view(np.uint8).data)
            return await self._door.hand(secret, NewClip(samples=samples, **about))
        finally:
            samples[:] = 0


class WireCarrier:
    """Implements ports.Carrier by the gate's socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def hand(self, secret: bytes, clip: NewClip) -> bool:
        text = json.dumps({name: getattr(clip, name) for name in _FIELDS}).encode()
        if len(text) > MOST_DESCRIPTION or len(clip.samples) > MOST_SAMPLES:
            return False
        samples = np.ascontiguousarray(clip.samples, dtype="<i2")
        loop = asyncio.get_running_loop()
        answer = bytearray(1)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.setblocking(False)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await loop.sock_connect(connection, str(self._path))
                    await loop.sock_sendall(connection, _HEAD.pack(_MAGIC, secret, len(text), len(samples)) + text)
                    if len(samples):
                        await loop.sock_sendall(connection, samples.view(np.uint8).data)
                    await _fill(connection, memoryview(answer))
        except (OSError, TimeoutError, EOFError):
            return False
        finally:
            samples[:] = 0
        return answer == b"\1"


async def _fill(connection: socket.socket, room: memoryview) -> None:
    """Receive exactly as much as there is room for. Raises EOFError, OSError."""
    loop = asyncio.get_running_loop()
    while room:
        got = await loop.sock_recv_into(connection, room)
        if not got:
            raise EOFError
        room = room[got:]


def _description(text: bytearray) -> dict[str, str]:
    """Raises Intruder."""
    found: object = None
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(text)
    if not isinstance(found, dict) or set(found) != set(_FIELDS) or not all(isinstance(v, str) for v in found.values()):
        raise Intruder("its description cannot be read")
    return found
