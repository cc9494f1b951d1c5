"""mpv in a process of its own, spoken to as JSON lines over a socket that has no place in the file system.

Its protocol: https://mpv.io/manual/stable/#json-ipc
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import subprocess
from collections.abc import Sequence
from typing import Any

QUIET = (
    "mpv", "--no-config", "--no-video", "--no-terminal", "--ytdl=no", "--load-scripts=no", "--osc=no",
    "--input-default-bindings=no", "--cache-on-disk=no", "--save-position-on-quit=no",
)  # fmt: skip
"""mpv without anything to see, to type, to keep or to run."""
PROGRAM = (*QUIET, "--idle=yes", "--audio-client-name=assistant", "--volume-max=100")
SOUND = ("--audio-format=s16", "--audio-samplerate=48000", "--audio-channels=stereo")
"""How the radio's unit sends samples."""
SAMPLES = (
    "--demuxer=rawaudio", "--demuxer-rawaudio-format=s16le", "--demuxer-rawaudio-rate=48000",
    "--demuxer-rawaudio-channels=2",
)  # fmt: skip
"""How they are read: no format of a stranger's to be parsed."""
STARTING, LOOK = 3.0, 0.05
"""Seconds that a station may take until it is known whether it plays, and between two looks."""
PATIENCE = 3.0
"""Seconds for one answer."""
LARGEST = 1 << 20
"""Bytes of one line of mpv."""


def has_network() -> bool:
    """Whether this process may speak to other machines at all. The system service may not, nor what it starts."""
    try:
        socket.socket(socket.AF_INET).close()
    except OSError:
        return False
    return True


class NoPlayer(Exception):
    """mpv is not there, or does not answer."""


class Player:
    """Plays. The process starts with the first piece and ends with `close`."""

    def __init__(self, output: str = "") -> None:
        self._output = output
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._volume = 100.0
        self._takes_samples = False

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def play(self, places: Sequence[str], *, shuffle: bool = False) -> None:
        """Play these files or addresses in turn. Raises NoPlayer."""
        if self._takes_samples:
            await self.close()
        await self._start()
        # A list goes over in one piece: a thousand commands would take long.
        await self.call("loadlist", "memory://" + "\n".join(("#EXTM3U", *places)), "replace")
        await self.set("pause", False)
        if shuffle:
            await self.call("playlist-shuffle")
            await self.call("playlist-play-index", 0)

    async def play_samples(self, line: socket.socket) -> None:
        """Play the samples that come on a connection, which is taken over. Raises NoPlayer."""
        await self.close()
        with line:
            await self._start(line)
            self._takes_samples = True
            await self.call("loadfile", f"fdclose://{line.fileno()}", "replace")

    async def call(self, *command: Any) -> Any:
        """One command of mpv and its answer; None where mpv refuses. Raises NoPlayer."""
        if self._writer is None or not self.runs:
            raise NoPlayer
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"command": command, "request_id": number}).encode() + b"\n")
        try:
            async with asyncio.timeout(PATIENCE):
                await self._writer.drain()
                return await answer
        except (OSError, TimeoutError) as error:
            raise NoPlayer from error
        finally:
            self._waiting.pop(number, None)

    async def get(self, name: str) -> Any:
        """A property of mpv; None when there is none, or nothing plays."""
        return await self.call("get_property", name) if self.runs else None

    async def set(self, name: str, value: Any) -> None:
        """Set a property of mpv, if it runs."""
        if self.runs:
            await self.call("set_property", name, value)

    async def loudness(self, percent: float) -> None:
        """Play so loud, from 0 to 100; also what is played later."""
        self._volume = min(100.0, max(0.0, percent))
        await self.set("volume", self._volume)

    async def is_playing(self) -> bool:
        """Whether something sounds now."""
        return self.runs and await self.get("idle-active") is False and await self.get("pause") is False

    async def plays(self) -> bool:
        """Whether what was begun last really sounds, or at least has not failed for a while. Raises NoPlayer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STARTING):
                while await self.get("audio-params") is None:
                    if not self.runs or await self.get("idle-active") is True:
                        return False
                    await asyncio.sleep(LOOK)
        return True

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if self._reading is not None:
            self._reading.cancel()
        if self._writer is not None:
            self._writer.close()
        self._writer = self._reading = None
        self._takes_samples = False
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), PATIENCE)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _start(self, samples: socket.socket | None = None) -> None:
        """Unless it runs. mpv's descriptor of `samples` has the number that it has here."""
        if self.runs:
            return
        await self.close()
        ours, its = socket.socketpair()
        output = (f"--audio-device={self._output}",) if self._output else ()
        shared = (its.fileno(),) if samples is None else (its.fileno(), samples.fileno())
        with its:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *PROGRAM,
                    *(SAMPLES if samples is not None else ()),
                    *output,
                    f"--volume={self._volume}",
                    f"--input-ipc-client=fd://{its.fileno()}",
                    pass_fds=shared,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            except OSError as error:
                ours.close()
                raise NoPlayer from error
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=LARGEST)
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            async for line in reader:
                answer = json.loads(line)
                waiting = self._waiting.get(answer.get("request_id", 0))
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer.get("data"))
        except (OSError, ValueError):
            pass
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(NoPlayer())
