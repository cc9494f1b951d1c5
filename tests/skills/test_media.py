"""Music plays in mpv, is found by name, and is lowered while somebody speaks. The real mpv, without a loudspeaker."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from assistant.config.paths import TREE
from assistant.testing.skills import SkillTester

MEDIA = TREE / "skills" / "media"
SONGS = ("Ann Lee/First Light/01 - Rain.wav", "Ann Lee/First Light/02 - Sun.wav", "The Hats/Blue Bus.wav")


@pytest.fixture
async def media(tmp_path: Path) -> AsyncIterator[SkillTester]:
    for name in SONGS:
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(2 * 8000 * 60))
    settings = {"media.folder": str(tmp_path / "music"), "media.output": "null", "media.stations": "Jazz = file:///no"}
    async with SkillTester(MEDIA, settings=settings) as tester:
        yield tester


def media_of(tester: SkillTester) -> Any:
    """The skill itself."""
    running = tester._service.loaded[0]._running
    assert running is not None
    return running.skill


def player(tester: SkillTester) -> Any:
    return media_of(tester).player


async def of(tester: SkillTester, name: str) -> Any:
    """A property of mpv, asked in the skill's own loop."""
    running = tester._service.loaded[0]._running
    assert running is not None
    return await running.worker.run(lambda: player(tester).get(name), 5)


async def sounds(tester: SkillTester, place: int = 0) -> None:
    """Wait until this piece of the list is opened: mpv drops orders that come while it opens a file."""
    async with asyncio.timeout(30):
        while await of(tester, "playlist-playing-pos") != place or await of(tester, "time-pos") is None:
            pass  # each question waits for mpv


@pytest.mark.parametrize(
    ("said", "reply", "count"),
    [
        ("play some music", "usic", 3),
        ("play ann lee", "Here is Ann Lee.", 2),
        ("play the album first light", "Here is the album First Light.", 2),
        ("play blue bus", "Here is Blue Bus, by The Hats.", 1),
        ("play the song sun by ann lee", "Here is Sun, by Ann Lee.", 1),
        ("play hats", "Here is Blue Bus, by The Hats.", 1),
    ],
)
async def test_it_plays_what_was_asked_for(media: SkillTester, said: str, reply: str, count: int) -> None:
    assert reply in (await media.ask(said)).text
    assert await of(media, "playlist-count") == count


async def test_the_words_of_a_day_with_music(media: SkillTester) -> None:
    assert (await media.ask("next song")).text == "Nothing is playing."
    await media.ask("play the album first light")
    await sounds(media)
    assert (await media.ask("what's playing")).text == "This is Rain, by Ann Lee."
    assert (await media.ask("next song")).text == ""
    await sounds(media, 1)
    assert (await media.ask("what's playing")).text == "This is Sun, by Ann Lee."
    assert (await media.ask("next song")).text == "That was the last one."
    await media.ask("previous song")
    await sounds(media)
    assert (await media.ask("what's playing")).text == "This is Rain, by Ann Lee."
    await media.ask("pause the music")
    assert await of(media, "pause") is True
    assert await media.hush() == 0, "paused music does not sound"
    await media.ask("resume the music")
    assert await of(media, "pause") is False
    assert await media.hush() == 1
    assert (await media.ask("what's playing")).text == "Nothing is playing."


async def test_music_is_lowered_while_somebody_speaks_and_follows_the_volume(media: SkillTester) -> None:
    await media.duck(True)
    await media.ask("play some music")
    assert await of(media, "volume") == pytest.approx(12.5)
    await media.duck(False)
    assert await of(media, "volume") == pytest.approx(50)


async def test_a_player_that_died_is_started_again(media: SkillTester) -> None:
    await media.ask("play some music")
    process = player(media)._process
    os.kill(process.pid, signal.SIGKILL)
    assert "usic" in (await media.ask("play some music")).text
    assert await of(media, "playlist-count") == 3


async def test_it_ends_with_the_skill_and_when_nothing_played_for_long(media: SkillTester) -> None:
    await media.ask("play some music")
    process = player(media)._process
    await media.ask("stop the music")
    await media.advance(minutes=11)
    assert process.returncode is not None


@pytest.mark.parametrize(("networked", "reply"), [(True, "can't reach|doesn't answer"), (False, "system service")])
async def test_a_station_that_cannot_be_heard_is_a_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, networked: bool, reply: str
) -> None:
    settings = {"media.output": "null", "media.stations": "Jazz = http://127.0.0.1:9/stream"}
    async with SkillTester(MEDIA, settings=settings, timeout=10) as tester:
        if not networked:
            module = sys.modules[type(media_of(tester)).__module__]
            monkeypatch.setattr(module, "has_network", lambda: False)
        assert re.search(reply, (await tester.ask("play jazz")).text)


async def test_a_missing_player_is_a_clear_sentence(media: SkillTester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "mpv" in (await media.ask("play some music")).text


async def test_the_radio_is_the_only_station_or_asks_which() -> None:
    settings = {"media.output": "null", "media.stations": "Jazz = file:///no, News = file:///none"}
    async with SkillTester(MEDIA, settings=settings) as media:
        assert re.search("jazz or news", (await media.ask("turn on the radio")).text, re.IGNORECASE)
        assert "news" in (await media.ask("news please")).text.lower()
