"""Reminders are told at their time, whatever happens to program, machine or clock, and in words that fit."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.config.paths import TREE
from assistant.grammar.folder import read_sentences
from assistant.skills.dialogs import Dialogs
from assistant.testing.skills import MONDAY, SkillTester
from assistant.testing.skills import stored as read_store

REMINDER = TREE / "skills" / "reminder"


def stored(data: Path) -> list[dict[str, object]]:
    found = read_store(data, "reminder")["notes"]
    assert isinstance(found, list)
    return found


async def test_it_is_told_at_its_time_three_times_at_most(tmp_path: Path) -> None:
    async with SkillTester(REMINDER, data=tmp_path) as tester:
        await tester.ask("remind me to call my mother at six")
        assert await tester.advance(hours=8, minutes=29, seconds=59) == []
        assert ["call your mother" in text for text in await tester.advance(seconds=1)] == [True]
        assert len(await tester.advance(days=1)) == 2
        assert stored(tmp_path) == []


async def test_once_heard_it_is_gone(tmp_path: Path) -> None:
    async with SkillTester(REMINDER, data=tmp_path) as tester:
        await tester.ask("remind me in ten minutes to turn off the oven")
        assert len(await tester.advance(minutes=10)) == 1
        assert await tester.hush() == 1
        assert await tester.advance(days=1) == []
        assert await tester.hush() == 0
        assert stored(tmp_path) == []


@pytest.mark.parametrize("reboot", [False, True])
async def test_reminders_survive_a_restart_and_what_was_missed_is_told(tmp_path: Path, reboot: bool) -> None:
    async with SkillTester(REMINDER, data=tmp_path) as tester:
        await tester.ask("remind me at noon to eat")
        await tester.ask("remind me to sleep at ten in the evening")
        (told,) = await tester.restart(reboot=reboot, off=timedelta(hours=5))
        assert "missed" in told
        assert "eat" in told
        await tester.hush()
        assert len(await tester.advance(hours=7, minutes=30)) == 1


async def test_a_time_follows_the_corrected_clock_and_a_while_does_not() -> None:
    async with SkillTester(REMINDER) as tester:
        await tester.ask("remind me to eat at noon")
        await tester.ask("remind me to look at the oven in ten minutes")
        tester.clock.correct(MONDAY + timedelta(hours=2))
        assert await tester.advance(minutes=9) == []
        assert ["oven" in text for text in await tester.advance(minutes=1)] == [True]
        await tester.hush()
        assert ["eat" in text for text in await tester.advance(minutes=20)] == [True]


async def test_a_while_lasts_as_long_over_a_corrected_clock_and_a_reboot(tmp_path: Path) -> None:
    async with SkillTester(REMINDER, data=tmp_path) as tester:
        await tester.ask("remind me to look at the oven in ten minutes")
        tester.clock.correct(MONDAY + timedelta(days=40))
        assert await tester.advance(minutes=1) == []
        assert await tester.restart(reboot=True, off=timedelta(minutes=5)) == []
        assert len(await tester.advance(minutes=4)) == 1


async def test_what_was_not_said_is_asked() -> None:
    async with SkillTester(REMINDER) as tester:
        assert (await tester.ask("set a reminder")).ask
        assert (await tester.ask("to water my plants")).ask
        reply = await tester.ask("tomorrow at nine")
        assert not reply.ask
        assert "tomorrow at nine o'clock in the morning: water your plants" in reply.text.lower()
        assert (await tester.ask("remind me to call anna")).ask
        assert "all right" in (await tester.ask("never mind")).text.lower()
        assert "anna" not in (await tester.ask("what are my reminders")).text.lower()
        assert "one reminder" in (await tester.ask("what reminders do i have")).text


async def test_a_day_is_asked_for() -> None:
    async with SkillTester(REMINDER) as tester:
        await tester.ask("remind me to eat at noon")
        assert "for that day" in (await tester.ask("what reminders do i have for tomorrow")).text
        assert "eat, today at noon" in (await tester.ask("what reminders do i have today")).text


@pytest.mark.parametrize("answer", ["the oven one", "at six", "the second one"])
async def test_with_several_it_asks_which(answer: str) -> None:
    async with SkillTester(REMINDER) as tester:
        await tester.ask("remind me to call mum at five")
        await tester.ask("remind me to clean the oven at six")
        assert (await tester.ask("cancel the reminder")).ask
        assert "oven" in (await tester.ask(answer)).text
        assert "call mum" in (await tester.ask("what's my next reminder")).text


async def test_one_is_found_by_its_words_or_its_time() -> None:
    async with SkillTester(REMINDER) as tester:
        await tester.ask("remind me to call mum at five")
        await tester.ask("remind me to clean the oven at six")
        assert "oven" in (await tester.ask("cancel the reminder about the oven")).text
        assert "mum" in (await tester.ask("cancel my five o'clock reminder")).text
        assert "no reminder" in (await tester.ask("what's my next reminder")).text.lower()


async def test_a_full_disk_is_said_and_it_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "skill-data").write_text("a file where the folder should be")
    async with SkillTester(REMINDER, data=tmp_path) as tester:
        assert "can't save" in (await tester.ask("remind me to eat at noon")).text
        assert len(await tester.advance(hours=2, minutes=30)) == 1


@pytest.mark.parametrize("broken", ["{", '{"notes": 5}', '{"notes": [1, {"what": "x", "due": [], "told": 0}]}'])
async def test_a_broken_store_does_not_stop_new_ones(tmp_path: Path, broken: str) -> None:
    (tmp_path / "skill-data").mkdir()
    (tmp_path / "skill-data" / "reminder.json").write_text(broken)
    async with SkillTester(REMINDER, data=tmp_path) as tester:
        await tester.ask("remind me to eat at noon")
        assert len(await tester.advance(hours=2, minutes=30)) == 1


def test_every_entry_of_a_list_has_a_meaning() -> None:
    days = read_sentences("reminder", REMINDER, "en").entities["days"]
    assert set(days) == set(Dialogs(REMINDER, "en").table("days"))


async def test_one_that_repeats_comes_back_on_its_days(tmp_path: Path) -> None:
    async with SkillTester(REMINDER, data=tmp_path) as tester:
        await tester.ask("remind me every weekday at eight to take my pills")
        told = []
        for _ in range(8):
            told.append(bool(await tester.advance(days=1)))
            await tester.hush()
            await tester.restart(reboot=True)
        assert told == [True] * 4 + [False] * 2 + [True] * 2
        assert "every weekday at eight o'clock in the morning" in (await tester.ask("what are my reminders")).text
        tester.clock.correct(tester.clock.now() - timedelta(hours=3))
        assert await tester.advance(seconds=1) == []
        assert await tester.advance(hours=4) == []
        await tester.ask("cancel the reminder")
        assert await tester.advance(days=7) == []


async def test_a_monthly_reminder_comes_back_on_the_last_day_of_short_months_and_survives_a_restart(
    tmp_path: Path,
) -> None:
    now = datetime(2026, 1, 30, 9, 30, tzinfo=UTC)
    async with SkillTester(REMINDER, now=now, data=tmp_path) as tester:
        await tester.ask("remind me on the thirty first of every month at nine am to pay the rent")
        told = await tester.advance(days=2)
        assert len(told) == 3 and "pay the rent" in told[0]
        assert "twenty eighth of february" not in (await tester.ask("what's my next reminder")).text.lower()
        await tester.restart(reboot=True, off=timedelta(days=20))
        before = len(tester.alerts)
        await tester.advance(days=7)
        assert tester.clock.now().day == 28 and len(tester.alerts) > before
