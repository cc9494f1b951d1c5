from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.audio.chimes import chime
from assistant.audio.hub import Hub
from assistant.audio.player import FIRST_RATE, Player
from assistant.audio.service import AudioService
from assistant.audio.wire import WireMicrophone
from assistant.bus.memory import MemoryBus
from assistant.config.schema import Audio
from assistant.messages import Message, audio, system
from assistant.testing.audio import FakeSink, FakeSource
from tests.audio.sounds import tone

SAID = tuple(kind for kind in AudioService.says if kind is not audio.Volumed)


class Room:
    """The service with fake devices on a bus, and what it says."""

    def __init__(self, *, config: Audio | None = None, wire: Path | None = None) -> None:
        self.source, self.sink, self.bus = FakeSource("Mic"), FakeSink("Box"), MemoryBus()
        self.hub, self.player = Hub(self.source, retry_seconds=0.01), Player(self.sink, retry_seconds=0.01)
        self.service = AudioService(self.hub, self.player, config or Audio(), wire=wire)
        self._said = self.bus.subscribe((*SAID, system.Ready, system.Health), "test").__aiter__()

    async def __aenter__(self) -> Room:
        self._serving = asyncio.create_task(self.service.serve(self.bus))
        assert isinstance(await self.said(system.Ready), system.Ready)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.bus.close()
        await asyncio.wait_for(self._serving, 10)
        assert not self.source.is_open

    def wish(self, message: Message) -> None:
        self.bus.publish(message, "test")

    async def said(self, *kinds: type[Message]) -> Message:
        """The next message, which must be of one of these kinds (any other fails)."""
        async with asyncio.timeout(10):
            message = (await anext(self._said)).message
        assert isinstance(message, kinds), message
        return message

    async def health(self) -> system.Health:
        self.wish(system.Probe())
        message = await self.said(system.Health)
        assert isinstance(message, system.Health)
        return message

    async def heard(self, samples: int) -> list[int]:
        async with asyncio.timeout(10):
            while len(self.sink.sound) < samples:  # noqa: ASYNC110 - what a thread does is not an event of this loop
                await asyncio.sleep(0)
        return self.sink.sound[:samples].tolist()


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with Room() as made:
        yield made


async def test_mute_closes_the_device_before_it_is_said(room: Room) -> None:
    for _ in range(2):
        room.wish(audio.Mute())
        await room.said(audio.Muted)
        assert not room.source.is_open
        health = await room.health()
        assert (health.state, "closed" in health.note) == ("muted", True)
        room.wish(audio.Unmute())
        await room.said(audio.Unmuted)
        assert room.source.is_open
        assert (await room.health()).state == "ok"


async def test_health_names_the_devices_and_tells_the_truth(room: Room) -> None:
    assert (await room.health()).note == "microphone Mic: listening; speaker Box: ready"
    room.source.unplug()
    await room.said(audio.Failed)
    health = await room.health()
    assert (health.state, health.note) == ("degraded", "microphone Mic: lost; speaker Box: ready")


async def test_it_starts_without_any_device_and_finds_them_later() -> None:
    made = Room()
    made.source.unplug()
    made.sink.unplug()
    async with made as room:
        assert await room.said(audio.Failed)
        room.wish(audio.Chime(name="ring"))
        assert await room.said(audio.Failed)
        assert (await room.health()).note == "microphone Mic: lost; speaker Box: lost"
        room.source.plug()
        assert await room.said(audio.Restored) == audio.Restored(device="Mic")
        room.sink.plug()
        assert await room.said(audio.Restored) == audio.Restored(device="Box")
        assert (await room.health()).state == "ok"


async def test_chimes_sound(room: Room) -> None:
    room.wish(audio.Chime(name="nonsense"))
    room.wish(audio.Chime(name="listen"))
    bell = chime("listen", FIRST_RATE).tolist()
    assert await room.heard(len(bell)) == bell


async def test_with_chimes_off_only_the_ring_sounds() -> None:
    async with Room(config=Audio(chimes=False)) as room:
        room.wish(audio.Chime(name="listen"))
        room.wish(audio.Chime(name="ring", times=2))
        ring = chime("ring", FIRST_RATE).tolist()
        assert await room.heard(2 * len(ring)) == ring + ring


async def test_the_volume_is_set_within_its_bounds_and_told_to_who_starts(room: Room) -> None:
    inbox = room.bus.subscribe((audio.Volumed,), "test").__aiter__()
    for wish, level in ((0.25, 0.25), (7, 1.0), (-1, 0.0)):
        room.wish(audio.Volume(level=wish))
        assert (await anext(inbox)).message == audio.Volumed(level=level)
        assert room.player.volume == level
    room.wish(system.Ready(service="skills", version=""))
    assert (await anext(inbox)).message == audio.Volumed(level=0.0)


async def test_quiet_ends_a_ring(room: Room) -> None:
    room.sink.hold()
    room.wish(audio.Chime(name="ring", times=1000))
    assert await asyncio.to_thread(room.sink.waiting.wait, 10)
    room.wish(audio.Quiet())
    async with asyncio.timeout(10):
        while room.sink.is_open:  # noqa: ASYNC110 - what a thread does is not an event of this loop
            await asyncio.sleep(0)
    room.sink.release()
    assert not len(room.sink.sound)


async def test_the_end_of_a_file_is_said(room: Room) -> None:
    room.source.hear(tone(300, 0.16))
    room.source.finish()
    assert await room.said(audio.Ended) == audio.Ended(sample=2560)


async def test_other_processes_hear_by_the_socket() -> None:
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        path = Path(folder) / "audio.sock"
        async with Room(wire=path) as room:
            reader = await WireMicrophone(path).listen()
            room.source.hear(tone(300, 0.08))
            assert (await anext(reader)).index == 0
            await reader.close()
        assert not path.exists()
