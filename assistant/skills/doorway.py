"""From the skills room to the door: asks for one connection, and starts the door where no unit does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

from assistant.config.allowed import Reach
from assistant.skills.network import NotAllowed, Unreachable

WAIT_SECONDS = 12.0
START_SECONDS = 5.0
_LINE = 1024

_REASONS = {
    "no-network": "there is no network, or no such host",
    "unreachable": "it does not answer",
    "busy": "too many connections are open",
}


class Doorway:
    """One per skills room. Any skill's loop may use it."""

    def __init__(self, system: Path | None, own: Path, allowed: Path) -> None:
        """`system` is the socket of the door's unit. Where there is none, a door of one's own listens on `own`."""
        self._system = system
        self._own = own
        self._allowed = allowed
        self._door: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()

    async def open(self, skill: str, reach: Reach) -> socket.socket:
        """A connection to that host. Raises NotAllowed, Unreachable."""
        made = socket.socket(socket.AF_UNIX)
        made.setblocking(False)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._connect(made)
                answer = await _asked(made, {"skill": skill, "host": reach.host, "port": reach.port})
        except (OSError, ValueError, TimeoutError) as error:
            made.close()
            raise Unreachable(f"the door does not answer ({type(error).__name__})", where=str(reach)) from error
        except BaseException:
            made.close()
            raise
        if answer.get("ok") is True:
            return made
        made.close()
        if answer.get("error") == "not-allowed":
            raise NotAllowed(f"{reach} is not allowed", hint=f"Allow it with: assistant skills allow {skill}")
        raise Unreachable(_REASONS.get(str(answer.get("error")), "it cannot be reached"), where=str(reach))

    def close(self) -> None:
        """End the door that was started here."""
        door, self._door = self._door, None
        if door is not None:
            with door:
                door.terminate()
            self._own.unlink(missing_ok=True)

    async def _connect(self, made: socket.socket) -> None:
        """Raises OSError."""
        loop = asyncio.get_running_loop()
        if self._system is not None and self._system.exists():
            with contextlib.suppress(OSError):  # not ours to use: another user's assistant runs
                await loop.sock_connect(made, str(self._system))
                return
        await asyncio.to_thread(self._ensure)
        await loop.sock_connect(made, str(self._own))

    def _ensure(self) -> None:
        """Raises OSError."""
        with self._starting:
            if self._door is None or self._door.poll() is not None:
                self._door = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        """A door of one's own, ready. Raises OSError."""
        self._own.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = [sys.executable, "-m", "assistant.door", "--socket", str(self._own), "--allowed", str(self._allowed)]
        door = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out = door.stdout
        if out is None or not out.readline():
            door.kill()
            door.wait()
            raise OSError("the door did not open")
        out.close()
        return door


async def _asked(made: socket.socket, question: dict[str, str | int]) -> dict[str, object]:
    """One line out, one line back; not a byte more is read, since what follows belongs to the skill."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(made, json.dumps(question).encode() + b"\n")
    line = b""
    while not line.endswith(b"\n") and len(line) < _LINE:
        byte = await loop.sock_recv(made, 1)
        if not byte:
            break
        line += byte
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("no answer")
    return found
