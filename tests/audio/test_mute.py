"""A mute closes the device, outlives a restart, and is undone by a hand only: a button or a command."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from pathlib import Path

import pytest

from assistant.audio import service as module
from assistant.audio.hub import Hub
from assistant.audio.mute_file import MuteFile
from assistant.audio.player import Player
from assistant.audio.service import AudioService
from assistant.bus.memory import MemoryBus
from assistant.config.schema import Audio
from assistant.errors import DeviceError
from assistant.messages import Message, audio, system
from assistant.testing.audio import FakeSink, FakeSource


class Room:
    """The service with fake devices and a real mute file."""

    def __init__(self, path: Path) -> None:
        self.source, self.sink, self.bus = FakeSource("Mic"), FakeSink("Box"), MemoryBus()
        self.hub, player = Hub(self.source, retry_seconds=0.01), Player(self.sink, retry_seconds=0.01)
        self.service = AudioService(self.hub, player, Audio(), mute_file=MuteFile(path))
        self._said = self.bus.subscribe((audio.Muted, audio.Unmuted, system.Health), "test").__aiter__()

    async def __aenter__(self) -> Room:
        self._serving = asyncio.create_task(self.service.serve(self.bus))
        await self.service.started.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.bus.close()
        await asyncio.wait_for(self._serving, 10)

    def wish(self, message: Message) -> None:
        self.bus.publish(message, "test")

    async def said(self) -> Message:
        async with asyncio.timeout(10):
            return (await anext(self._said)).message

    async def muted(self, by: str = "") -> None:
        assert await self.said() == audio.Muted(by=by)
        assert not self.source.is_open

    async def unmuted(self) -> None:
        assert await self.said() == audio.Unmuted()
        assert self.source.is_open


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "muted"


async def test_a_mute_outlives_a_restart_and_the_microphone_is_never_opened(path: Path) -> None:
    async with Room(path) as room:
        room.wish(audio.Mute())
        await room.muted()
        assert path.read_bytes() == b"muted\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with Room(path) as room:
        await room.muted(by="restart")
        assert room.hub.state == "muted"
        assert room.source.opened == room.source.refused == 0, "nobody so much as tried"
        room.wish(audio.Unmute())
        await room.unmuted()
        assert not path.exists()
    async with Room(path) as room:
        room.wish(system.Probe())
        assert isinstance(await room.said(), system.Health), "nothing was said of a mute"


async def test_whatever_stands_there_means_muted(path: Path, tmp_path: Path) -> None:
    for plant in (
        lambda: path.touch(),
        lambda: path.write_bytes(b"\xff" * 9),
        lambda: path.symlink_to(tmp_path / "nowhere"),
        lambda: path.mkdir(parents=True),
    ):
        path.parent.mkdir(exist_ok=True)
        plant()
        async with Room(path) as room:
            await room.muted(by="restart")
            assert not room.source.opened
        path.rmdir() if path.is_dir() else path.unlink()


async def test_a_disk_that_refuses_does_not_keep_the_microphone_open(path: Path) -> None:
    path.parent.write_bytes(b"")  # a file where the folder should be
    async with Room(path) as room:
        room.wish(audio.Mute())
        await room.muted()
        room.wish(system.Probe())
        health = await room.said()
        assert isinstance(health, system.Health)
        assert "will not survive a restart" in health.note


def test_a_mute_that_cannot_be_taken_back_is_said(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(DeviceError, match="muted again after a restart"):
        MuteFile(path).remove()


async def test_the_button_mutes_and_unmutes_and_may_bounce(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Room(path) as room:
        os.kill(os.getpid(), signal.SIGUSR1)
        await room.muted(by="button")
        assert path.exists()
        os.kill(os.getpid(), signal.SIGUSR1)  # at once: a bounce
        room.wish(system.Probe())
        assert isinstance(await room.said(), system.Health)
        monkeypatch.setattr(module, "BOUNCE_SECONDS", 0.0)
        os.kill(os.getpid(), signal.SIGUSR1)
        await room.unmuted()
        assert not path.exists()
    os.kill(os.getpid(), signal.SIGUSR1)  # nobody is there to hear it, and nothing ends


async def test_opening_the_microphone_is_heard(path: Path) -> None:
    async with Room(path) as room:
        room.wish(audio.Mute())
        await room.muted()
        room.wish(audio.Unmute())
        await room.unmuted()
        async with asyncio.timeout(10):
            while not len(room.sink.sound):  # noqa: ASYNC110 - what a thread does is not an event of this loop
                await asyncio.sleep(0)
