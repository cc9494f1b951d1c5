"""Forgetting everything while skills run: however it is asked for, nothing that was forgotten is written again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.build import SERVICES
from assistant.bus import policy
from assistant.bus.memory import MemoryBus
from assistant.clock import SystemClock
from assistant.config.paths import TREE, Paths, find_paths
from assistant.config.schema import Skills
from assistant.consent.room import Room, open_room
from assistant.consent.service import ConsentService
from assistant.consent.stores import StoreSeals
from assistant.messages import Message, Slot, Spoken, consent, intent, skill, system
from assistant.service import Service
from assistant.skills.find import Place
from assistant.skills.service import SkillsService
from assistant.testing.skills import SkillTester

TIMER = TREE / "skills" / "timer"


class Living:
    """Consent service and skills on one bus; the timer skill runs."""

    def __init__(self, folder: Path) -> None:
        self.paths: Paths = replace(find_paths({"HOME": str(folder)}), state=folder / "state")
        self.room: Room = open_room(self.paths, environ={})
        self.bus = MemoryBus()
        self.services: list[Service] = [
            ConsentService(self.room, SystemClock()),
            SkillsService(
                self.paths, Skills(), SystemClock(), seals=StoreSeals(self.paths.skill_keys, {}),
                where=(Place(TIMER, "bundled"),),
            ),
        ]  # fmt: skip
        self.said = self.bus.subscribe(
            (system.Ready, skill.Replied, consent.Destroyed, consent.Refused, skill.Paused), "test"
        ).__aiter__()

    async def heard(self, kind: type[Message]) -> Message:
        async with asyncio.timeout(20):
            while True:
                message = (await anext(self.said)).message
                if isinstance(message, kind):
                    return message

    async def ask(self, name: str, *slots: Slot) -> str:
        self.bus.publish(
            intent.Matched(
                session="s", intent=f"timer.{name}", skill="timer", slots=slots, text=Spoken("words"), confidence=1.0,
                engine="test",
            ),
            "intent",
        )  # fmt: skip
        reply = await self.heard(skill.Replied)
        assert isinstance(reply, skill.Replied)
        return reply.text.text

    async def set_timer(self) -> None:
        length = Slot(name="duration", spoken=Spoken("two hours"), kind="duration", value=7200.0)
        assert "two hour" in (await self.ask("set", length)).lower()
        assert self.stores() == {"timer.store"}

    def stores(self) -> set[str]:
        return {path.name for path in self.paths.skill_data.iterdir()}


@pytest.fixture
async def living(tmp_path: Path) -> AsyncIterator[Living]:
    living = Living(tmp_path)
    running = [asyncio.create_task(each.serve(living.bus)) for each in living.services]
    for _ in running:
        await living.heard(system.Ready)
    yield living
    living.bus.close()
    await asyncio.gather(*running)


async def test_the_owner_s_command_quiets_the_skills_like_a_spoken_one(living: Living) -> None:
    await living.set_timer()
    living.bus.publish(consent.Scrub(request="r", actor="uid:0", state=str(living.paths.state)), "client")
    await living.heard(skill.Paused)
    done = await living.heard(consent.Destroyed)
    assert isinstance(done, consent.Destroyed)
    assert (done.request, done.failed) == ("r", ())
    assert consent.Gone(surface="skill:timer", count=1) in done.gone
    assert living.stores() == set()
    while "did not work" in (told := await living.ask("list")):
        pass  # the skill is starting anew
    assert "no timer" in told.lower(), "not in memory either"
    assert living.stores() == set()
    await living.set_timer()


def test_only_the_owner_may_ask_for_it() -> None:
    assert consent.Scrub in policy.OWNER_SAYS
    assert consent.Scrub not in policy.GUEST_SAYS
    assert not [name for name, service in SERVICES.items() if consent.Scrub in service.says]


async def test_another_folder_s_command_forgets_nothing_here(living: Living) -> None:
    await living.set_timer()
    living.bus.publish(consent.Scrub(request="r", actor="uid:0", state="/somewhere/else"), "client")
    refused = await living.heard(consent.Refused)
    assert isinstance(refused, consent.Refused)
    assert refused.why == "elsewhere"
    assert living.stores() == {"timer.store"}


async def test_a_running_skill_that_nobody_told_cannot_write_what_was_forgotten(tmp_path: Path) -> None:
    paths = replace(find_paths({"HOME": str(tmp_path)}), state=tmp_path)
    async with SkillTester(TIMER, data=tmp_path, broken=True) as tester:
        await tester.ask("set a pasta timer for ten minutes")
        open_room(paths, environ={}).purge.everything(method="cli", actor="me")
        for words in ("set a tea timer for one minute", "cancel the pasta timer"):
            await tester.ask(words)
        await tester.advance(minutes=30)
        await tester.hush()
        assert list(paths.skill_data.iterdir()) == []
        await tester.restart()
        assert "no timer" in (await tester.ask("what timers do i have")).text.lower()
        await tester.ask("set a tea timer for one minute")
        assert [path.name for path in paths.skill_data.iterdir()] == ["timer.store"]
