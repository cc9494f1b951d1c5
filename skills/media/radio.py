"""Asks the radio's own unit for a station: the way for an assistant that has no network itself (`station.py`)."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from .player import NoPlayer

SOCKET = Path("/run/assistant-radio.sock")
PATIENCE = 4.5
"""Seconds for the answer; a little more than the unit waits for the station."""
_PLAYS, _NO_MPV = b"plays\n", b"no-mpv\n"
_LONGEST = 16


class NoRadio(Exception):
    """There is no such unit: this is not the system service, or an older one."""


class OffAir(Exception):
    """The unit is there, the station is not."""


async def listen(name: str, place: Path = SOCKET) -> socket.socket:
    """A connection on which the station's samples come. Raises NoRadio, OffAir, NoPlayer."""
    loop = asyncio.get_running_loop()
    line = socket.socket(socket.AF_UNIX)
    line.setblocking(False)
    try:
        await loop.sock_connect(line, str(place))
    except OSError as error:
        line.close()
        raise NoRadio from error
    try:
        async with asyncio.timeout(PATIENCE):
            await loop.sock_sendall(line, name.replace("\n", " ").encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n") and len(answer) < _LONGEST:
                one = await loop.sock_recv(line, 1)  # the sound follows at once, and is not ours to read
                if not one:
                    break
                answer += one
    except (OSError, TimeoutError) as error:
        line.close()
        raise OffAir from error
    if answer != _PLAYS:
        line.close()
        raise NoPlayer if answer == _NO_MPV else OffAir
    line.setblocking(True)
    return line
