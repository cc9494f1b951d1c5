"""The intent service on the bus: skills come and go, engines answer in order, training is out of the way."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import pytest

from assistant.bus.memory import MemoryBus
from assistant.errors import EngineError
from assistant.grammar.sentences import SkillSentences
from assistant.intent.engine import IntentEngine, Match
from assistant.intent.service import IntentService
from assistant.intent.template_engine import TemplateEngine
from assistant.messages import Before, Meaning, Message, Slot, Spoken, intent, skill, system
from assistant.testing.intent import FakeIntentEngine
from tests.intent.conftest import NOW

M = TypeVar("M", bound=Message)


class StillClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class House:
    """A bus with an intent service, and skills in a folder."""

    def __init__(self, folder: Path, engines: Sequence[IntentEngine], own: Mapping[str, Path]) -> None:
        self.folder = folder
        self.bus = MemoryBus()
        self.service = IntentService(engines, StillClock(), own=own, shipped=folder / "shipped")
        self.inbox = self.bus.subscribe(
            (intent.Matched, intent.Ambiguous, intent.Unmatched, intent.Learned, intent.Trained, system.Health), "test"
        )

    def has(self, name: str, **intents: str) -> None:
        place = self.folder / name / "locale" / "en"
        place.mkdir(parents=True, exist_ok=True)
        for file, text in intents.items():
            (place / f"{file}.intent").write_text(text)
        folder = str(self.folder / name)
        self.bus.publish(skill.Ready(skill=name, version="1", folder=folder, intents=tuple(intents)), "skills")

    async def loaded(self) -> intent.Learned:
        self.bus.publish(skill.Loaded(skills=()), "skills")
        return await self.next(intent.Learned)

    async def ask(
        self, text: str, *, floor: float = 0.0, meaning: Meaning | None = None, before: Before | None = None
    ) -> Message:
        wish = intent.Understand(
            session="s", text=Spoken(text), language="en", floor=floor, meaning=meaning, before=before
        )
        self.bus.publish(wish, "dialog")
        return await self.next(intent.Matched, intent.Ambiguous, intent.Unmatched)

    async def health(self) -> system.Health:
        self.bus.publish(system.Probe(), "test")
        return await self.next(system.Health)

    async def next(self, *kinds: type[M]) -> M:
        async with asyncio.timeout(10):
            async for envelope in self.inbox:
                if isinstance(envelope.message, kinds):
                    return envelope.message
        raise AssertionError("the bus closed")


@asynccontextmanager
async def open_house(
    folder: Path, *engines: IntentEngine, own: Mapping[str, Path] = MappingProxyType({})
) -> AsyncIterator[House]:
    house = House(folder, engines or (TemplateEngine(),), own)
    ready = house.bus.subscribe((system.Ready,), "wait")
    serving = asyncio.create_task(house.service.serve(house.bus))
    async for _ in ready:
        break
    try:
        yield house
    finally:
        house.bus.close()
        await serving


async def test_a_sentence_of_a_skill_is_matched(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("lamp", on="lamp on in {duration}")
        learned = await house.loaded()
        assert (learned.skills, learned.intents) == (("lamp",), 1)
        found = await house.ask("lamp on in ten minutes")
        assert isinstance(found, intent.Matched)
        assert (found.intent, found.skill, found.engine, found.confidence) == ("lamp.on", "lamp", "templates", 1.0)
        assert [(slot.name, slot.spoken.text, slot.value) for slot in found.slots] == [("duration", "ten minutes", 600)]


async def test_what_nobody_understands_is_unmatched_and_comes_back(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("lamp", on="lamp on")
        await house.loaded()
        found = await house.ask("sing a song")
        assert isinstance(found, intent.Unmatched)
        assert (found.session, found.text.text) == ("s", "sing a song")


async def test_a_question_waits_until_the_skills_are_known(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        asked = asyncio.create_task(house.ask("lamp on"))
        await asyncio.sleep(0)
        house.has("lamp", on="lamp on")
        house.bus.publish(skill.Loaded(skills=("lamp",)), "skills")
        assert isinstance(await asked, intent.Matched)


async def test_skills_come_change_and_go(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("lamp", on="lamp on")
        await house.loaded()
        house.has("bell", ring="ring the bell")
        house.has("lamp", on="light up")
        await house.loaded()
        assert isinstance(await house.ask("ring the bell"), intent.Matched)
        assert isinstance(await house.ask("light up"), intent.Matched)
        assert isinstance(await house.ask("lamp on"), intent.Unmatched)
        house.bus.publish(skill.Removed(skill="bell"), "skills")
        assert isinstance(await house.ask("ring the bell"), intent.Unmatched)


async def test_many_skills_are_learned_once(tmp_path: Path) -> None:
    engine = FakeIntentEngine()
    async with open_house(tmp_path, engine) as house:
        for number in range(5):
            house.has(f"skill{number}", go=f"go {number}")
        await house.loaded()
        assert len(engine.learned) == 1 and len(engine.learned[0]) == 5


async def test_two_skills_that_fit_equally_well_are_asked_about(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("radio", stop="stop the music")
        house.has("player", stop="stop the music")
        await house.loaded()
        found = await house.ask("stop the music")
        assert isinstance(found, intent.Ambiguous)
        assert set(found.choices) == {"radio.stop", "player.stop"}


async def test_a_skill_that_was_added_counts_before_one_that_came_with_the_program(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("shipped/home", on="turn on the light", off="turn off the light")
        house.has("lighting", on="turn (on|off) the light")
        await house.loaded()
        found = await house.ask("turn on the light")
        assert isinstance(found, intent.Matched) and found.intent == "lighting.on"


async def test_an_exact_sentence_beats_one_that_is_close(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("lamp", on="turn on the lamp", off="turn off the lamp", other="turn on a lamp")
        await house.loaded()
        found = await house.ask("turn on the lamp")
        assert isinstance(found, intent.Matched) and found.intent == "lamp.on"


async def test_a_broken_file_costs_only_its_own_skill(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with open_house(tmp_path) as house:
        house.has("lamp", on="lamp on")
        house.has("broken", on="fine\nlamp (on")
        assert (await house.loaded()).skills == ("lamp",)
        assert isinstance(await house.ask("lamp on"), intent.Matched)
        health = await house.health()
        assert health.state == "degraded" and "broken" in health.note
        (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert "on.intent:2:6" in line and "\n" not in line
        house.has("broken", on="broken no more")
        await house.loaded()
        assert (await house.health()).state == "ok"
        assert isinstance(await house.ask("broken no more"), intent.Matched)


async def test_a_skill_that_an_engine_refuses_costs_only_itself(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("lamp", on="lamp on")
        house.has("endless", on=" ".join(f"word{number}" for number in range(200)))
        assert (await house.loaded()).skills == ("lamp",)
        assert isinstance(await house.ask("lamp on"), intent.Matched)


class Failing(FakeIntentEngine):
    def match(self, text: str, language: str, now: datetime) -> list[Match]:
        raise EngineError("is out of order")


async def test_the_first_engine_with_an_answer_decides_and_a_failing_one_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_house(tmp_path, Failing("broken"), FakeIntentEngine("first"), FakeIntentEngine("second")) as house:
        house.has("lamp", on="lamp on")
        await house.loaded()
        found = await house.ask("lamp on")
        assert isinstance(found, intent.Matched) and found.engine == "first"
    assert "lamp on" not in caplog.text


class Slow(FakeIntentEngine):
    """An engine that trains until it is let go."""

    def __init__(self) -> None:
        super().__init__("slow", trains=True)
        self.go = threading.Event()

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        assert self.go.wait(10)
        super().learn(skills)


async def test_training_does_not_delay_an_answer(tmp_path: Path) -> None:
    slow = Slow()
    async with open_house(tmp_path, TemplateEngine(), slow) as house:
        house.has("lamp", on="lamp on")
        await house.loaded()
        assert isinstance(await house.ask("lamp on"), intent.Matched)
        assert "slow trains" in (await house.health()).note
        slow.go.set()
        trained = await house.next(intent.Trained)
        assert (trained.engine, trained.intents) == ("slow", 1)


async def test_changes_during_a_training_are_trained_once_after_it(tmp_path: Path) -> None:
    slow = Slow()
    async with open_house(tmp_path, slow) as house:
        for number in range(4):
            house.has(f"skill{number}", go=f"go {number}")
            await house.loaded()
        slow.go.set()
        await house.next(intent.Trained)
        while len(slow.learned[-1]) < 4:
            await house.next(intent.Trained)
        assert len(slow.learned) <= 2


class Untrainable(FakeIntentEngine):
    def learn(self, skills: Sequence[SkillSentences]) -> None:
        raise EngineError("training did not end within 1 s", where=self.name)


async def test_a_failed_training_is_told_and_the_other_engines_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path, TemplateEngine(), Untrainable("slow", trains=True)) as house:
        house.has("lamp", on="lamp on")
        await house.loaded()
        assert isinstance(await house.ask("lamp on"), intent.Matched)
        health = await house.health()
        while health.state == "ok":
            await asyncio.sleep(0)
            health = await house.health()
        assert "did not end" in health.note


async def test_the_assistants_own_sentences_are_always_there(tmp_path: Path) -> None:
    place = tmp_path / "own" / "locale" / "en"
    place.mkdir(parents=True)
    (place / "repeat.intent").write_text("say that again")
    async with open_house(tmp_path, own={"dialog": tmp_path / "own"}) as house:
        house.has("lamp", on="lamp on")
        assert (await house.loaded()).skills == ("lamp",)
        found = await house.ask("say that again")
        assert isinstance(found, intent.Matched) and found.intent == "dialog.repeat"


async def test_while_a_skill_waits_for_an_answer_only_a_sure_match_counts(tmp_path: Path) -> None:
    class Unsure(FakeIntentEngine):
        def match(self, text: str, language: str, now: datetime) -> list[Match]:
            return [Match(intent="lamp.on", skill="lamp", slots=(), confidence=0.8)]

    async with open_house(tmp_path, Unsure()) as house:
        house.has("lamp", on="lamp on")
        await house.loaded()
        assert isinstance(await house.ask("tea"), intent.Matched)
        assert isinstance(await house.ask("tea", floor=0.95), intent.Unmatched)


async def test_what_was_understood_while_listening_is_acted_on_and_asked_about_when_unsure(tmp_path: Path) -> None:
    def meaning(gap: float, rival: str = "fan.on") -> Meaning:
        return Meaning(intent="lamp.off", skill="lamp", slots=(), score=0.9, gap=gap, rival=rival)

    async with open_house(tmp_path) as house:
        house.has("lamp", on="lamp on", off="lamp off")
        await house.loaded()
        matched = await house.ask("no more light", meaning=meaning(9.0))
        assert isinstance(matched, intent.Matched)
        assert (matched.intent, matched.engine) == ("lamp.off", "speech")
        unsure = await house.ask("lamp off", meaning=meaning(0.1))
        assert isinstance(unsure, intent.Ambiguous)
        assert unsure.choices == ("lamp.off", "fan.on")
        assert [title.text for title in unsure.titles] == ["lamp off", "fan on"]
        nothing_before = await house.ask("lamp off", meaning=meaning(0.1, "fan.on+"))
        assert isinstance(nothing_before, intent.Matched), "there is no answer to go on from"
        same_words = await house.ask("lamp on", meaning=meaning(0.0, "lamp.on"))
        assert isinstance(same_words, intent.Matched)
        assert same_words.intent == "lamp.on", "what the words say counts"


async def test_what_goes_on_from_an_answer_counts_only_after_it_and_keeps_what_was_said_before(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("sky", look="the sky on {date}")
        locale = tmp_path / "sky" / "locale" / "en"
        (locale / "look.follow").write_text("and {date}\nand in {place}")
        (locale / "place.entity").write_text("rome\nparis")
        await house.loaded()
        assert isinstance(await house.ask("and tomorrow"), intent.Unmatched)
        rome = Slot(name="place", spoken=Spoken(), kind="list", value="rome")
        today = Slot(name="date", spoken=Spoken(), kind="date", value="2026-11-23")
        before = Before(skill="sky", intent="sky.look", slots=(rome, today))
        found = await house.ask("and tomorrow", before=before)
        assert isinstance(found, intent.Matched)
        assert (found.intent, found.follows) == ("sky.look", "sky.look")
        assert {slot.name: slot.value for slot in found.slots} == {"place": "rome", "date": "2026-11-24"}
        found = await house.ask("and in paris", before=before)
        assert isinstance(found, intent.Matched)
        assert {slot.name: slot.value for slot in found.slots} == {"place": "paris", "date": "2026-11-23"}
        assert isinstance(
            await house.ask("and tomorrow", before=Before(skill="x", intent="x.y", slots=())), intent.Unmatched
        )


async def test_what_a_person_settled_is_matched_as_it_is(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("lamp", on="lamp on")
        await house.loaded()
        wish = intent.Settle(session="s", intent="lamp.on", skill="lamp", slots=(), text=Spoken("on"))
        house.bus.publish(wish, "dialog")
        found = await house.next(intent.Matched)
        assert (found.intent, found.confidence, found.text.text) == ("lamp.on", 1.0, "on")


async def test_of_two_requests_in_one_sentence_the_first_is_matched_and_the_other_kept(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("lamp", on="lamp on", off="lamp off in {duration}")
        await house.loaded()
        found = await house.ask("lamp on and then lamp off in ten minutes")
        assert isinstance(found, intent.Matched)
        assert (found.intent, found.text.text) == ("lamp.on", "lamp on")
        assert [part.text for part in found.rest] == ["lamp off in ten minutes"]
        found = await house.ask("lamp off in five no ten minutes")
        assert isinstance(found, intent.Matched)
        assert (found.slots[0].value, found.rest) == (600, ())


async def test_a_sentence_that_only_sounds_like_two_requests_stays_whole(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        house.has("lamp", on="lamp on [and (shine|glow)]")
        await house.loaded()
        found = await house.ask("lamp on and shine")
        assert isinstance(found, intent.Matched) and found.rest == ()
