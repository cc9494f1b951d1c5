"""Words are written down only under a debug grant: announced aloud, short, and gone without a trace when it ends."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.bus import policy
from assistant.bus.memory import MemoryBus
from assistant.clock import SystemClock
from assistant.config.paths import find_paths
from assistant.consent import debug
from assistant.consent.answers import Answers
from assistant.consent.debug import DebugFile
from assistant.consent.gate import Grant
from assistant.consent.holder import HolderService
from assistant.consent.keeper import BusKeeper
from assistant.consent.room import Room, open_room
from assistant.consent.service import ConsentService
from assistant.consent.words import Words
from assistant.messages import Message, Spoken, consent, intent, skill, stt, system, tts

HEARD = (consent.Debugging, consent.Refused, consent.Destroyed, tts.Say, system.Health)


class Clock(SystemClock):
    time = 0.0

    def monotonic(self) -> float:
        return self.time


class Home:
    """The consent service and the holder on one bus; the test plays voice and ears."""

    def __init__(self, folder: Path, *, forbidden: tuple[str, ...] = ()) -> None:
        self.paths = find_paths({"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run")})
        self.room: Room = open_room(self.paths, environ={}, forbidden=forbidden)
        self.file = DebugFile(self.paths).path
        self.bus, self.clock = MemoryBus(), Clock()
        self.inbox = self.bus.subscribe(HEARD, "test")
        consent_ = ConsentService(self.room, self.clock)
        holder = HolderService(None, BusKeeper(None))  # type: ignore[arg-type]
        self.services = (consent_, holder)
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Home:
        self.tasks = [asyncio.create_task(each.serve(self.bus)) for each in self.services]
        for each in self.services:
            await each.started.wait()
        assert await self.heard(consent.Debugging) == consent.Debugging(live=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.bus.close()
        await asyncio.wait(self.tasks, timeout=10)

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self.bus.publish(message, "test")

    async def heard(self, *kinds: type[Message]) -> Message:
        async with asyncio.timeout(20):
            async for envelope in self.inbox:
                if isinstance(envelope.message, kinds):
                    return envelope.message
        raise AssertionError("the bus closed")

    async def settle(self) -> None:
        """Both services have handled all that was told, and what came of it."""
        for _ in range(3):
            self.tell(system.Probe())
            names: set[str] = set()
            while len(names) < len(self.services):
                health = await self.heard(system.Health)
                assert isinstance(health, system.Health)
                names.add(health.service)

    async def announced(self, minutes: int, cause: str = "said") -> str:
        self.tell(consent.Debug(minutes=minutes))
        say = await self.heard(tts.Say)
        assert isinstance(say, tts.Say)
        assert not self.file.exists(), "nothing before it was heard"
        self.tell(tts.Ended(session=say.session, cause=cause))  # type: ignore[arg-type]
        return say.text.text

    async def begin(self, minutes: int = 10) -> None:
        await self.announced(minutes)
        answer = await self.heard(consent.Debugging)
        assert isinstance(answer, consent.Debugging)
        assert (answer.live, answer.file) == (True, str(self.file))

    async def hear(self, text: str) -> None:
        self.tell(stt.Transcript(session="s", text=Spoken(text), confidence=1.0, language="en"))
        await self.settle()

    async def over(self) -> None:
        assert await self.heard(consent.Debugging) == consent.Debugging(live=False)
        say = await self.heard(tts.Say)
        assert isinstance(say, tts.Say)
        assert "no longer" in say.text.text
        assert not self.file.exists()

    def events(self) -> list[tuple[str, str]]:
        with self.room.store.session(verify=True) as session:
            return [(one.event, one.detail) for one in session.records if one.event.startswith("debug")]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with Home(tmp_path) as made:
        yield made


async def test_without_a_grant_no_word_is_written(home: Home, tmp_path: Path) -> None:
    await home.hear("a yellow dinosaur")
    home.tell(consent.Note(text=Spoken("a yellow dinosaur")))
    await home.settle()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"dinosaur" in path.read_bytes()]


async def test_it_is_announced_then_written_and_destroyed_when_the_time_is_over(
    home: Home, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setattr(debug, "LOOK_SECONDS", 0.01)
    await home.begin(10)
    await home.hear("a yellow dinosaur")
    assert "heard: a yellow dinosaur\n" in home.file.read_text()
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o600
    answers = Answers(room=home.room, words=Words("en"))
    assert "writing the words" in answers.know()
    assert "writing the words" in answers.answer("recording", {"microphone": "open"}).text, "not: nothing is recorded"
    home.clock.time = 601.0
    await home.over()
    await home.hear("a purple dragon")
    assert not home.file.exists()
    async with asyncio.timeout(20):
        while len(home.events()) < 2:
            await home.settle()
    assert home.events() == [("debug", "10 minutes"), ("debug-ended", "over")]
    assert "dinosaur" not in caplog.text, "never in the log, at any level"


async def test_the_announcement_says_for_how_long_and_how_it_ends(home: Home) -> None:
    said = await home.announced(10)
    for part in ("10 minutes", "write what I hear", "forget everything"):
        assert part in said


@pytest.mark.parametrize("cause", ["stopped", "failed"])
async def test_what_nobody_heard_does_not_begin(home: Home, cause: str) -> None:
    await home.announced(10, cause)
    assert await home.heard(consent.Refused) == consent.Refused(purpose="debug", why="unheard")
    await home.hear("a yellow dinosaur")
    assert not home.file.exists()
    assert home.events() == []


@pytest.mark.parametrize("minutes", [-1, 61, 10_000])
async def test_an_hour_is_the_most(home: Home, minutes: int) -> None:
    home.tell(consent.Debug(minutes=minutes))
    assert await home.heard(consent.Refused) == consent.Refused(purpose="debug", why="forbidden")


async def test_the_configuration_may_forbid_it(tmp_path: Path) -> None:
    async with Home(tmp_path, forbidden=("debug",)) as home:
        home.tell(consent.Debug(minutes=10))
        assert await home.heard(consent.Refused) == consent.Refused(purpose="debug", why="forbidden")


@pytest.mark.parametrize("name", ["withdraw", "forget_everything"])
async def test_a_withdrawal_by_voice_ends_it(home: Home, name: str) -> None:
    await home.begin()
    await home.hear("a yellow dinosaur")
    matched = intent.Matched(session="v", intent=f"privacy.{name}", skill="privacy", slots=(), text=Spoken("x"),
                             confidence=1.0, engine="test")  # fmt: skip
    home.tell(matched, skill.Paused(skills=()))
    await home.over()


async def test_a_withdrawal_by_command_ends_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process changes the store; the next word is not written any more."""
    await home.begin()
    other = open_room(home.paths, environ={})
    other.gate.grant(Grant(purpose="wake_word", days=1, method="cli", actor="me"))
    other.purge.withdraw(None, method="cli", actor="me")
    home.tell(stt.Transcript(session="s", text=Spoken("a yellow dinosaur"), confidence=1.0, language="en"))
    await home.over()


async def test_forget_everything_by_command_destroys_the_file_itself(home: Home) -> None:
    await home.begin()
    await home.hear("a yellow dinosaur")
    receipt = open_room(home.paths, environ={}).purge.everything(method="cli", actor="me")
    assert receipt.counts["debug-log"] == 1
    assert not home.file.exists()


async def test_guest_mode_ends_it(home: Home) -> None:
    await home.begin()
    home.room.gate.guest(2, method="cli", actor="me")
    home.tell(stt.Transcript(session="s", text=Spoken("a yellow dinosaur"), confidence=1.0, language="en"))
    await home.over()


async def test_the_owner_ends_it(home: Home) -> None:
    await home.begin()
    home.tell(consent.Debug(minutes=0))
    await home.over()


async def test_a_restart_ends_it_and_destroys_the_file(tmp_path: Path) -> None:
    async with Home(tmp_path) as home:
        await home.begin()
        await home.hear("a yellow dinosaur")
        assert home.file.exists(), "a crash would leave it"
    async with Home(tmp_path) as home:
        assert not home.file.exists()
        assert home.events()[-1] == ("debug-ended", "restart")
        await home.hear("a yellow dinosaur")
        assert not home.file.exists()


def test_only_the_owner_may_ask_for_it() -> None:
    assert consent.Debug in policy.OWNER_SAYS
    assert not {consent.Debug, consent.Note} & policy.GUEST_SAYS
    assert consent.Note not in policy.OWNER_SAYS
