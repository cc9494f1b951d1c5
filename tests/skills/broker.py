"""A real Mosquitto on a port of 127.0.0.1, and devices that announce themselves there as Home Assistant wants it."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

SECONDS = 20.0
MISSING = next((name for name in ("mosquitto", "mosquitto_pub", "mosquitto_sub") if not shutil.which(name)), "")


class Mosquitto:
    """Starts and stops the broker; what it was told to retain survives a stop."""

    def __init__(self, folder: Path, login: str = "") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._settings = folder / "mosquitto.conf"
        lines = [
            f"listener {self.port} 127.0.0.1", "persistence true", f"persistence_location {folder}/", "user root",
            "log_dest none", f"allow_anonymous {'false' if login else 'true'}",
        ]  # fmt: skip
        if login:
            (folder / "passwords").touch(0o600)
            lines.append(f"password_file {folder}/passwords")
            self.login = login
        self._settings.write_text("\n".join(lines) + "\n")
        self._process: Process | None = None

    @property
    def address(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            "mosquitto", "-c", self._settings, stdout=DEVNULL, stderr=DEVNULL
        )
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return

    async def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
            self._process = None

    async def publish(self, topic: str, payload: str | dict[str, Any] | None, *, retain: bool = True) -> None:
        """None takes back what was retained."""
        if payload is None:
            what = ["-n"]
        else:
            what = ["-m", payload if isinstance(payload, str) else json.dumps(payload)]
        arguments = ["-p", str(self.port), "-t", topic, *what, *(["-r"] if retain else [])]
        process = await asyncio.create_subprocess_exec("mosquitto_pub", *arguments)
        assert await process.wait() == 0

    @asynccontextmanager
    async def hear(self, topic: str) -> AsyncIterator[Commands]:
        """What is published there from now on."""
        process = await asyncio.create_subprocess_exec(
            "mosquitto_sub", "-p", str(self.port), "-t", topic, "-t", "ready", "-v", "-R", stdout=PIPE
        )
        commands = Commands(process)
        try:
            async with asyncio.timeout(SECONDS):
                hearing = asyncio.create_task(commands.next())
                while not hearing.done():
                    await self.publish("ready", "yes", retain=False)
                    await asyncio.wait({hearing}, timeout=0.05)
            yield commands
        finally:
            process.terminate()
            await process.wait()


class Commands:
    def __init__(self, process: Process) -> None:
        self._process = process

    async def next(self) -> tuple[str, str]:
        """Topic and payload of the next one."""
        assert self._process.stdout is not None
        async with asyncio.timeout(SECONDS):
            line = (await self._process.stdout.readline()).decode().rstrip("\n")
        topic, _, payload = line.partition(" ")
        return topic, payload

    async def take(self, count: int, why: str = "") -> dict[str, str]:
        """The next ones, without those that only said that it listens. `why` tells what they follow from."""
        found: dict[str, str] = {}
        while len(found) < count:
            try:
                topic, payload = await self.next()
            except TimeoutError:
                raise AssertionError(f"{why}: only {found}") from None
            if topic != "ready":
                found[topic] = payload
        return found
