"""A sentence about the volume reaches the speaker: skills, bus and sound room together, in either order of start."""

import asyncio
from pathlib import Path

import pytest

from assistant.audio.hub import Hub
from assistant.audio.player import Player
from assistant.audio.service import AudioService
from assistant.bus.memory import MemoryBus
from assistant.config.paths import TREE, find_paths
from assistant.config.schema import Audio, Skills
from assistant.consent.stores import StoreSeals
from assistant.messages import Spoken, audio, intent, skill, system
from assistant.service import Service
from assistant.skills.find import Place
from assistant.skills.service import SkillsService
from assistant.testing.audio import FakeSink, FakeSource
from assistant.testing.skills import ManualClock


@pytest.mark.parametrize("sound_first", [True, False])
async def test_louder_is_louder(tmp_path: Path, sound_first: bool) -> None:
    bus, player = MemoryBus(), Player(FakeSink("Box"), volume=0.3)
    paths = find_paths({"STATE_DIRECTORY": str(tmp_path), "HOME": str(tmp_path)})
    where = (Place(TREE / "skills" / "volume", "bundled"),)
    services: list[Service] = [
        AudioService(Hub(FakeSource("Mic")), player, Audio()),
        SkillsService(paths, Skills(), ManualClock(), seals=StoreSeals(paths.skill_keys, {}), where=where),
    ]
    heard = bus.subscribe((system.Ready, skill.Replied), "test").__aiter__()
    told = bus.subscribe((audio.Volumed,), "test").__aiter__()
    serving = []
    async with asyncio.timeout(20):
        for service in services if sound_first else services[::-1]:
            serving.append(asyncio.create_task(service.serve(bus)))
            assert isinstance((await anext(heard)).message, system.Ready)
        for _ in range(2 if sound_first else 1):  # told to whoever starts
            await anext(told)
        for expected in (0.4, 0.5):
            said = intent.Matched(
                session="s",
                intent="volume.up",
                skill="volume",
                slots=(),
                text=Spoken("louder"),
                confidence=1.0,
                engine="",
            )
            bus.publish(said, "intent")
            reply = (await anext(heard)).message
            assert isinstance(reply, skill.Replied)
            assert "percent" in reply.text.text
            await anext(told)
            assert player.volume == pytest.approx(expected)
        bus.close()
        await asyncio.gather(*serving)
