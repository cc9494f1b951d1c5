"""Alarms ring when they should, whatever happens to program, machine or clock."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assistant.config.paths import TREE
from assistant.grammar.folder import read_sentences
from assistant.skills.dialogs import Dialogs
from assistant.testing.skills import MONDAY, SkillTester
from assistant.testing.skills import stored as read_store

ALARM = TREE / "skills" / "alarm"
SEVEN = timedelta(hours=21, minutes=30)
"""From MONDAY, half past nine, until seven the next morning."""


def stored(data: Path) -> list[dict[str, object]]:
    found = read_store(data, "alarm")["alarms"]
    assert isinstance(found, list)
    return found


def test_every_entry_of_a_list_has_a_meaning() -> None:
    entities = read_sentences("alarm", ALARM, "en").entities
    assert {*entities["days"], *entities["day"]} == set(Dialogs(ALARM, "en").table("days"))


async def test_an_alarm_rings_on_time_until_it_is_hushed(tmp_path: Path) -> None:
    async with SkillTester(ALARM, data=tmp_path) as tester:
        await tester.ask("wake me at seven")
        assert await tester.advance(SEVEN - timedelta(seconds=1)) == []
        assert ["seven o'clock" in text for text in await tester.advance(seconds=1)] == [True]
        assert len(await tester.advance(seconds=30)) == 2
        assert await tester.hush() == 1
        assert await tester.advance(days=2) == []
        assert stored(tmp_path) == []


async def test_one_that_nobody_hears_gives_up_and_a_repeating_one_comes_back() -> None:
    async with SkillTester(ALARM, settings={"alarm.ring_minutes": "1"}) as tester:
        await tester.ask("wake me every weekday at seven")
        assert len(await tester.advance(days=1)) == 4
        assert len(await tester.advance(days=1)) == 4


async def test_a_repeating_alarm_rings_on_its_days_only(tmp_path: Path) -> None:
    async with SkillTester(ALARM, data=tmp_path) as tester:
        await tester.ask("wake me every weekday at seven")
        rung = []
        for _ in range(14):
            rung.append(bool(await tester.advance(days=1)))
            await tester.hush()
            await tester.restart(reboot=True)
        assert rung == [True] * 4 + [False] * 2 + [True] * 5 + [False] * 2 + [True]


@pytest.mark.parametrize("reboot", [False, True])
async def test_alarms_survive_a_restart(tmp_path: Path, reboot: bool) -> None:
    async with SkillTester(ALARM, data=tmp_path) as tester:
        await tester.ask("wake me at seven")
        assert await tester.restart(reboot=reboot, off=timedelta(hours=20)) == []
        assert await tester.advance(hours=1, minutes=29, seconds=59) == []
        assert len(await tester.advance(seconds=1)) == 1


async def test_an_alarm_missed_by_hours_is_told_and_one_by_minutes_rings(tmp_path: Path) -> None:
    async with SkillTester(ALARM, data=tmp_path) as tester:
        await tester.ask("wake me every day at seven")
        (told,) = await tester.restart(reboot=True, off=SEVEN + timedelta(hours=2))
        assert "seven o'clock in the morning" in told
        assert await tester.hush() == 0
        assert "tomorrow at seven" in (await tester.ask("when is my next alarm")).text
        (rings,) = await tester.restart(reboot=True, off=timedelta(hours=22, minutes=5))
        assert "five" in rings
        assert await tester.hush() == 1


async def test_one_that_rings_when_the_power_fails_rings_again(tmp_path: Path) -> None:
    async with SkillTester(ALARM, data=tmp_path) as tester:
        await tester.ask("wake me at seven")
        await tester.advance(SEVEN)
        assert len(await tester.restart(reboot=True, off=timedelta(minutes=1))) == 1


async def test_alarms_follow_a_corrected_clock_and_none_rings_twice() -> None:
    async with SkillTester(ALARM) as tester:
        await tester.ask("wake me every day at seven")
        await tester.ask("set an alarm for noon")
        tester.clock.correct(MONDAY + timedelta(days=900))
        assert len(await tester.advance(seconds=1)) == 2  # both are told as missed
        tester.clock.correct(MONDAY + SEVEN - timedelta(minutes=1))
        assert len(await tester.advance(minutes=1)) == 1
        await tester.hush()
        tester.clock.correct(MONDAY + SEVEN - timedelta(hours=1))
        assert await tester.advance(seconds=1) == []
        assert await tester.advance(hours=2) == []
        assert "tomorrow at seven" in (await tester.ask("when is my next alarm")).text


async def test_snooze_sleeps_and_rings_again_also_over_a_power_cut(tmp_path: Path) -> None:
    async with SkillTester(ALARM, data=tmp_path) as tester:
        await tester.ask("wake me every day at seven")
        await tester.advance(SEVEN)
        assert "nine minutes" in (await tester.ask("snooze")).text.lower()
        assert await tester.advance(minutes=8, seconds=59) == []
        assert len(await tester.advance(seconds=1)) == 1
        assert "ten minutes" in (await tester.ask("ten more minutes")).text.lower()
        assert await tester.restart(reboot=True, off=timedelta(minutes=5)) == []
        assert len(await tester.advance(minutes=5)) == 1
        await tester.hush()
        assert "tomorrow at seven" in (await tester.ask("when is my next alarm")).text


async def test_a_corrected_clock_moves_no_snooze_not_even_over_a_reboot(tmp_path: Path) -> None:
    async with SkillTester(ALARM, data=tmp_path) as tester:
        await tester.ask("wake me at seven")
        await tester.advance(SEVEN)
        await tester.ask("snooze for ten minutes")
        tester.clock.correct(MONDAY + timedelta(days=40))
        assert await tester.advance(minutes=1) == []
        assert await tester.restart(reboot=True, off=timedelta(minutes=5)) == []
        assert len(await tester.advance(minutes=4)) == 1


async def test_skipping_tomorrow_leaves_one_day_out() -> None:
    async with SkillTester(ALARM) as tester:
        await tester.ask("wake me every weekday at seven")
        await tester.ask("wake me tomorrow at eight")
        assert "tomorrow" in (await tester.ask("skip tomorrow's alarm")).text
        assert (await tester.ask("skip tomorrow's alarm")).text == "There is no alarm tomorrow."
        assert await tester.advance(SEVEN + timedelta(hours=12)) == []
        assert len(await tester.advance(hours=12)) > 0
        assert (await tester.ask("no alarm on saturday")).text == "There is no alarm on Saturday the seventh of March."


async def test_what_rings_is_what_is_turned_off() -> None:
    async with SkillTester(ALARM) as tester:
        await tester.ask("wake me at seven")
        await tester.ask("set an alarm for eight tomorrow morning")
        await tester.advance(SEVEN)
        assert (await tester.ask("turn off the alarm")).text == ""
        assert "one alarm" in (await tester.ask("what alarms do i have")).text


async def test_with_several_it_asks_which() -> None:
    for answer in ("the seven o'clock one", "the first one", "seven"):
        async with SkillTester(ALARM) as tester:
            await tester.ask("wake me at seven")
            await tester.ask("wake me every weekday at eight")
            assert (await tester.ask("cancel the alarm")).ask
            assert "seven o'clock" in (await tester.ask(answer)).text
            assert "every weekday at eight" in (await tester.ask("what alarms do i have")).text


@pytest.mark.parametrize("said", ["the alarm for seven", "my seven o'clock alarm", "the alarm for seven tomorrow"])
async def test_an_alarm_is_found_by_its_time(said: str) -> None:
    async with SkillTester(ALARM) as tester:
        await tester.ask("wake me at seven")
        await tester.ask("wake me at half past eight")
        assert "seven o'clock" in (await tester.ask(f"cancel {said}")).text
        assert "one alarm" in (await tester.ask("what alarms do i have")).text


async def test_a_day_alone_is_asked_for_its_time_and_finds_only_its_own_alarms() -> None:
    async with SkillTester(ALARM) as tester:
        assert (await tester.ask("wake me on saturday")).ask
        assert "saturday at nine o'clock in the morning" in (await tester.ask("at nine")).text.lower()
        assert "no" in (await tester.ask("cancel the alarm tomorrow")).text.lower()
        assert (await tester.ask("cancel the alarm for nine on friday")).text[:5] in ("There", "I don")
        assert "one alarm" in (await tester.ask("what alarms do i have")).text
        assert "nine o'clock" in (await tester.ask("cancel the alarm on saturday")).text


async def test_an_alarm_is_moved_and_with_several_it_asks_which(tmp_path: Path) -> None:
    async with SkillTester(ALARM, data=tmp_path) as tester:
        await tester.ask("wake me at seven")
        await tester.ask("change my alarm to eight")
        assert [alarm["at"] for alarm in stored(tmp_path)] == ["08:00"]
        await tester.ask("wake me at nine")
        await tester.ask("move my eight o'clock alarm to half past six")
        assert sorted(str(alarm["at"]) for alarm in stored(tmp_path)) == ["06:30", "09:00"]
        assert "Which" in (await tester.ask("move my alarm to ten")).text
        await tester.ask("the last one")
        assert sorted(str(alarm["at"]) for alarm in stored(tmp_path)) == ["06:30", "10:00"]
        assert (await tester.ask("move my four o'clock alarm to five")).text
        assert len(stored(tmp_path)) == 2


async def test_which_half_of_the_day_is_asked_where_it_matters() -> None:
    for answer, hour in (("in the morning", "tomorrow at seven"), ("the evening", "today at seven"), ("pm", "today")):
        async with SkillTester(ALARM) as tester:
            assert (await tester.ask("set an alarm for seven")).ask
            assert hour in (await tester.ask(answer)).text
    async with SkillTester(ALARM, now=MONDAY.replace(hour=22)) as tester:
        assert "tomorrow at seven o'clock in the morning" in (await tester.ask("set an alarm for seven")).text


async def test_seven_is_seven_on_both_sides_of_a_clock_change() -> None:
    saturday = datetime(2026, 3, 28, 22, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    async with SkillTester(ALARM, now=saturday) as tester:
        await tester.ask("wake me every day at seven")
        assert await tester.advance(hours=7, minutes=59) == []  # one hour is lost in the night
        assert len(await tester.advance(minutes=1)) == 1


async def test_a_full_disk_is_said_and_the_alarm_rings_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "skill-data").write_text("a file where the folder should be")
    async with SkillTester(ALARM, data=tmp_path) as tester:
        assert "can't save" in (await tester.ask("wake me at ten")).text
        assert len(await tester.advance(minutes=30)) == 1


@pytest.mark.parametrize(
    "broken", ["{", '{"alarms": 5}', '{"alarms": [1, {"at": "x", "due": "y", "days": [9], "skipped": [1]}]}']
)
async def test_a_broken_store_does_not_stop_new_alarms(tmp_path: Path, broken: str) -> None:
    (tmp_path / "skill-data").mkdir()
    (tmp_path / "skill-data" / "alarm.json").write_text(broken)
    async with SkillTester(ALARM, data=tmp_path) as tester:
        await tester.ask("wake me at ten")
        assert len(await tester.advance(minutes=30)) == 1


async def test_an_alarm_begins_softly_and_leaves_the_volume_as_it_was() -> None:
    async with SkillTester(ALARM, settings={"alarm.ramp_seconds": "60"}) as tester:
        await tester.ask("set an alarm for ten am")
        await tester.advance(minutes=30)
        await tester.ask("when is my next alarm")
        assert tester.volume == pytest.approx(0.2)
        levels = []
        for _ in range(5):
            await tester.advance(seconds=15)
            levels.append(tester.volume)
        assert levels == sorted(levels) and levels[-1] == pytest.approx(0.5)
        await tester.hush()
        await tester.ask("when is my next alarm")
        assert tester.volume == pytest.approx(0.5)
