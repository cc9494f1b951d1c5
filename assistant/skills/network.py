"""What a skill that the household allowed to may do on the network: one connection, or one page, at a time.

`Skill.connect` and `Skill.fetch` are built on it. The connection is made by the door, which knows what is allowed;
encryption is done here, in the skill's own process.
"""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.config.allowed import Reach
from assistant.errors import SkillError

if TYPE_CHECKING:
    import ssl

    Tls = ssl.SSLContext
else:
    Tls = object

LARGEST = 1 << 20
"""Bytes of a fetched page."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[str, int], Awaitable[socket.socket]]
"""A connection to host and port, made by the door. Raises NotAllowed or Unreachable."""


def make_tls() -> Tls:
    """What is needed to encrypt, and to tell whether a host is who it says. Reads the machine's certificates."""
    import ssl

    return ssl.create_default_context()


class NotAllowed(SkillError):
    """The household did not say yes to this host: `assistant skills allow`."""


class Unreachable(SkillError):
    """No network, no such host, or it does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a web server sent: the status and, not printed, the content."""

    status: int
    content: bytes

    def __repr__(self) -> str:
        return f"<response {self.status}, {len(self.content)} bytes>"

    def json(self) -> Any:
        """The content read as JSON. Raises Unreachable when it is none: the server is not what was expected."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise Unreachable("the answer is no JSON") from error


async def refuse(host: str, port: int) -> socket.socket:
    """The network of a skill that has none."""
    raise NotAllowed(f"{host}:{port} was not allowed", hint="The manifest has to ask for it: permissions")


async def open_streams(connect: Connect, context: Tls | None, address: str) -> Streams:
    """A connection, encrypted when there is a context. Raises NotAllowed, Unreachable."""
    try:
        reach = Reach.parse(address)
    except ValueError as error:
        raise Unreachable("this is no address", hint="Write HOST or HOST:PORT") from error
    made = await connect(reach.host, reach.port)
    made.setblocking(False)
    try:
        if context is None:
            return await asyncio.open_connection(sock=made, limit=LARGEST)
        return await asyncio.open_connection(sock=made, limit=LARGEST, ssl=context, server_hostname=reach.host)
    except OSError as error:  # ssl.SSLError is one
        made.close()
        raise Unreachable(f"{reach.host} could not prove who it is ({type(error).__name__})") from error


async def fetch(
    connect: Connect, context: Tls | None, url: str, headers: Mapping[str, str], seconds: float
) -> Response:
    """GET one address. Redirections are not followed: they would lead elsewhere. Raises NotAllowed, Unreachable."""
    from http.client import HTTPException
    from urllib.parse import urlsplit

    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise Unreachable("this is no web address", hint="Write https://HOST/PATH")
    host = address.netloc.rpartition("@")[2]
    target = f"{address.path or '/'}{f'?{address.query}' if address.query else ''}"
    if any(each in "\r\n " for each in target + "".join(headers) + "".join(headers.values()).replace(" ", "")):
        raise Unreachable("this is no web address", hint="Quote what stands in it: urllib.parse.quote")
    sent = {"Host": host, "Connection": "close", "Accept-Encoding": "identity", **headers}
    head = f"GET {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items()) + "\r\n"
    try:
        async with asyncio.timeout(seconds):
            tls = context if address.scheme == "https" else None
            streams = await open_streams(connect, tls, f"{address.scheme}://{host}")
            return await _exchange(streams, head.encode("ascii"))
    except TimeoutError as error:
        raise Unreachable(f"{host} did not answer within {seconds:g} s") from error
    except (OSError, UnicodeError, HTTPException) as error:
        raise Unreachable(f"{host} did not answer as it should ({type(error).__name__})") from error


async def _exchange(streams: Streams, head: bytes) -> Response:
    from http.client import HTTPResponse

    reader, writer = streams
    try:
        writer.write(head)
        await writer.drain()
        data = await reader.read(1)
        while len(data) <= LARGEST and (more := await reader.read(1 << 16)):
            data += more
    finally:
        writer.close()
    if len(data) > LARGEST:
        raise Unreachable("the answer is too large")
    answer = HTTPResponse(_Received(data))  # type: ignore[arg-type]
    answer.begin()
    return Response(answer.status, answer.read())


class _Received:
    """What was received, in the shape that http.client reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)
