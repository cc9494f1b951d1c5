"""`python -m assistant.door`: the door as a process of its own.

Under systemd it is handed its socket; otherwise `--socket` names it, and the door ends with the process that began it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import socket
import sys
from pathlib import Path

from assistant.door.relay import Door
from assistant.hardening import harden

_FIRST_FD = 3  # SD_LISTEN_FDS_START


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="assistant.door", description=__doc__)
    parser.add_argument("--allowed", type=Path, required=True, help="the file of what is allowed")
    parser.add_argument("--socket", type=Path, help="listen here; without it the socket comes from systemd")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    harden()
    if given.socket is None:
        if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
            parser.error("no socket from systemd: use --socket")
        listening = socket.socket(fileno=_FIRST_FD)
    else:
        listening = _listen(given.socket)
    asyncio.run(_serve(Door(given.allowed), listening, alone=given.socket is None))
    return 0


def _listen(path: Path) -> socket.socket:
    """A socket that only this user can connect to."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(mask)
    listening.listen()
    return listening


async def _serve(door: Door, listening: socket.socket, *, alone: bool) -> None:
    """Serve; unless it is alone, tell the process that began it when it may come, and end when that is gone."""
    server = await door.serve(listening)
    serving = asyncio.create_task(server.serve_forever())
    if not alone:
        asyncio.get_running_loop().add_reader(0, serving.cancel)
        os.write(1, b"open\n")
    with contextlib.suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    sys.exit(main())
