"""A relay from a unix socket to hosts that the household allowed.

A client sends one line of JSON, `{"skill": "weather", "host": "api.example.org", "port": 443}`, and gets one line back:
`{"ok": true}`, after which its connection is the one to that host, or `{"error": "..."}` with one of `REFUSALS`. The
list of what is allowed is read for every request, and again while a connection lasts: taking a yes back cuts it.

The bytes are the skill's: what is encrypted stays so, the door only carries it. Addresses are looked up here.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import socket
from collections import Counter
from pathlib import Path

from assistant.config.allowed import Reach, read_allowed

REFUSALS = ("not-allowed", "no-network", "unreachable", "busy")

CONNECT_SECONDS = 5.0
LINE = 1024
"""Bytes of a request."""
MOST = 8
"""Connections of one skill at a time."""
LOOK_SECONDS = 2.0
"""A yes that was taken back cuts connections after this time at the latest."""
CHUNK = 1 << 16

_LOCAL = (".local", ".lan", ".home", ".internal", ".home.arpa", ".fritz.box")

log = logging.getLogger("assistant.door")


class Refusal(Exception):
    """One of REFUSALS."""


class Door:
    """Serves clients on one listening socket."""

    def __init__(self, allowed: Path, *, look_seconds: float = LOOK_SECONDS) -> None:
        """`allowed` is the file that tells who may reach what."""
        self._allowed = allowed
        self._look = look_seconds
        self._open: Counter[str] = Counter()

    async def serve(self, listening: socket.socket) -> asyncio.Server:
        """Accept from now on."""
        return await asyncio.start_unix_server(self._client, sock=listening, limit=LINE)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        skill = ""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                skill, reach = _request(await reader.readline())
                self._check(skill, reach)
            self._open[skill] += 1
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    out_reader, out_writer = await _connect(reach)
                log.info("%s reaches %s", skill, reach)
                writer.write(b'{"ok": true}\n')
                await self._relay(skill, reach, (reader, writer), (out_reader, out_writer))
            finally:
                self._open[skill] -= 1
        except Refusal as refusal:
            log.info("%s: %s", skill or "someone", refusal)
            writer.write(json.dumps({"error": str(refusal)}).encode() + b"\n")
        except TimeoutError:
            writer.write(b'{"error": "unreachable"}\n')
        except (OSError, ValueError):
            pass  # the client went away, or sent no request
        finally:
            with contextlib.suppress(OSError):
                await writer.drain()
            writer.close()

    def _check(self, skill: str, reach: Reach) -> None:
        if not self._may(skill, reach):
            raise Refusal("not-allowed")
        if self._open[skill] >= MOST:
            raise Refusal("busy")

    def _may(self, skill: str, reach: Reach) -> bool:
        allowance = read_allowed(self._allowed).get(skill)
        return allowance is not None and reach in allowance.hosts

    async def _relay(self, skill: str, reach: Reach, inside: _Ends, outside: _Ends) -> None:
        """Carry bytes both ways until both sides have ended, one has gone, or the yes has."""
        tasks = [
            asyncio.create_task(_carry(inside[0], outside[1])),
            asyncio.create_task(_carry(outside[0], inside[1])),
        ]
        try:
            while not all(task.done() for task in tasks):
                await asyncio.wait(tasks, timeout=self._look, return_when=asyncio.ALL_COMPLETED)
                if not self._may(skill, reach):
                    log.info("%s: no longer allowed", skill)
                    break
                if any(task.done() and task.exception() for task in tasks):
                    break
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            outside[1].close()


_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


def _request(line: bytes) -> tuple[str, Reach]:
    """Raises ValueError."""
    asked = json.loads(line)
    match asked:
        case {"skill": str() as skill, "host": str() as host, "port": int() as port}:
            return skill, Reach(host, port)
    raise ValueError("no request")


async def _connect(reach: Reach) -> _Ends:
    """Raises Refusal."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(reach.host, reach.port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise Refusal("no-network") from None
    last: OSError | None = None
    for _, _, _, _, address in found:
        if not _fits(reach.host, str(address[0])):
            raise Refusal("not-allowed")
        try:
            return await asyncio.open_connection(str(address[0]), reach.port, limit=CHUNK)
        except OSError as error:
            last = error
    raise Refusal("unreachable" if isinstance(last, ConnectionRefusedError) else "no-network")


def _fits(host: str, address: str) -> bool:
    """A public name must not lead into the house: whoever owns it could point it at the router."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".")
        if "." not in name or name.endswith(_LOCAL):
            return True
        return ipaddress.ip_address(address.partition("%")[0]).is_global
    return True
