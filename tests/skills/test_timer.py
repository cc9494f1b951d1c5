"""Timers ring when they should, whatever happens to program, machine or clock, and until somebody says stop."""

import asyncio
import re
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.config.paths import TREE
from assistant.testing.skills import MONDAY, SkillTester
from assistant.testing.skills import stored as read_store

TIMER = TREE / "skills" / "timer"


def stored(data: Path) -> list[dict[str, object]]:
    found = read_store(data, "timer")["timers"]
    assert isinstance(found, list)
    return found


async def test_a_timer_rings_on_time_until_it_is_hushed(tmp_path: Path) -> None:
    async with SkillTester(TIMER, data=tmp_path) as tester:
        await tester.ask("set a pasta timer for ten minutes")
        assert await tester.advance(minutes=9, seconds=59) == []
        assert [text.lower().endswith("pasta timer is done.") for text in await tester.advance(seconds=1)] == [True]
        assert len(await tester.advance(seconds=30)) == 2
        assert await tester.hush() == 1
        assert await tester.advance(hours=1) == []
        assert await tester.hush() == 0
        assert stored(tmp_path) == []


async def test_a_timer_that_nobody_hears_gives_up(tmp_path: Path) -> None:
    async with SkillTester(TIMER, data=tmp_path, settings={"timer.ring_minutes": "1"}) as tester:
        await tester.ask("set a timer for one minute")
        assert len(await tester.advance(hours=1)) == 4
        assert stored(tmp_path) == []


async def test_a_timer_is_on_the_disk_before_the_reply_is_heard(tmp_path: Path) -> None:
    async with SkillTester(TIMER, data=tmp_path) as tester:
        await tester.ask("set a tea timer for three minutes")
        assert [(each["name"], each["seconds"]) for each in stored(tmp_path)] == [("tea", 180.0)]
        await tester.ask("cancel the tea timer")
        assert stored(tmp_path) == []


@pytest.mark.parametrize("reboot", [False, True])
async def test_timers_survive_a_restart(tmp_path: Path, reboot: bool) -> None:
    async with SkillTester(TIMER, data=tmp_path) as tester:
        await tester.ask("set a timer for ten minutes")
        await tester.ask("set an egg timer for one hour")
        assert await tester.restart(reboot=reboot, off=timedelta(minutes=4)) == []
        assert "six minutes" in (await tester.ask("how long is left on the ten minute timer")).text.lower()
        assert await tester.advance(minutes=5, seconds=59) == []
        assert len(await tester.advance(seconds=1)) == 1


@pytest.mark.parametrize("reboot", [False, True])
async def test_a_timer_that_ran_out_meanwhile_rings_at_start_and_says_so(tmp_path: Path, reboot: bool) -> None:
    async with SkillTester(TIMER, data=tmp_path) as tester:
        await tester.ask("set an egg timer for five minutes")
        said = await tester.restart(reboot=reboot, off=timedelta(hours=2))
        assert said == ["Your egg timer ran out while I was off."]
        assert len(await tester.advance(minutes=10)) == 2
        assert stored(tmp_path) == []


async def test_a_timer_that_rings_when_the_power_fails_rings_again(tmp_path: Path) -> None:
    async with SkillTester(TIMER, data=tmp_path) as tester:
        await tester.ask("set a timer for one minute")
        await tester.advance(minutes=1)
        assert len(await tester.restart(reboot=True, off=timedelta(seconds=10))) == 1


@pytest.mark.parametrize("by", [timedelta(hours=9), timedelta(hours=-9), timedelta(days=3000)])
async def test_a_corrected_clock_moves_no_timer_not_even_over_a_reboot(tmp_path: Path, by: timedelta) -> None:
    async with SkillTester(TIMER, data=tmp_path) as tester:
        await tester.ask("set a timer for ten minutes")
        tester.clock.correct(MONDAY + by)
        assert await tester.advance(minutes=5) == []
        assert await tester.restart(reboot=True, off=timedelta(minutes=4)) == []
        assert await tester.advance(seconds=59) == []
        assert len(await tester.advance(seconds=1)) == 1


async def test_with_several_timers_it_asks_which_and_takes_any_sensible_answer(tmp_path: Path) -> None:
    answers = {
        "the pasta one": "pasta", "ten minutes": "ten", "the egg timer please": "egg", "the last one": "egg",
        "the first one": "ten",
    }  # fmt: skip
    for number, (answer, cancelled) in enumerate(answers.items()):
        async with SkillTester(TIMER, data=tmp_path / str(number)) as tester:
            for name in ("a", "a pasta", "an egg"):
                minutes = {"a": "ten", "a pasta": "twenty", "an egg": "thirty"}[name]
                await tester.ask(f"set {name} timer for {minutes} minutes")
            question = await tester.ask("cancel the timer")
            assert question.ask
            assert "the ten minute timer, the pasta timer or the egg timer" in question.text
            assert cancelled in (await tester.ask(answer)).text.lower()
            assert "two timers" in (await tester.ask("what timers do i have")).text


async def test_all_of_them_and_none_of_them() -> None:
    async with SkillTester(TIMER) as tester:
        for name in ("pasta", "egg"):
            await tester.ask(f"set a timer for the {name} for ten minutes")
        await tester.ask("cancel the timer")
        assert "left them all" in (await tester.ask("purple")).text
        await tester.ask("cancel the timer")
        assert (await tester.ask("both")).text == "Two timers cancelled."


async def test_without_a_length_it_asks_and_the_name_is_kept() -> None:
    async with SkillTester(TIMER) as tester:
        assert (await tester.ask("set a pasta timer")).ask
        assert (await tester.ask("um")).ask
        assert "eight minutes" in (await tester.ask("make it eight minutes")).text.lower()
        assert "pasta" in (await tester.ask("what timers do i have")).text
        await tester.ask("set a timer")
        assert "five minutes" in (await tester.ask("five")).text.lower()
        await tester.ask("set a timer")
        await tester.ask("what")
        gave_up = await tester.ask("never heard of it")
        assert (gave_up.ask, "timer is set" in gave_up.text) == (False, True)


async def test_what_rings_is_what_is_stopped() -> None:
    async with SkillTester(TIMER) as tester:
        await tester.ask("set a timer for one minute")
        await tester.ask("set a pasta timer for one hour")
        await tester.advance(minutes=1)
        assert not (await tester.ask("stop the timer")).ask
        assert "pasta" in (await tester.ask("what timers do i have")).text
        assert await tester.advance(minutes=1) == []


@pytest.mark.parametrize("length", ["ninety nine thousand hours", "eight days", "zero minutes", "half a second"])
async def test_a_length_beyond_all_use_is_refused_kindly(length: str) -> None:
    async with SkillTester(TIMER) as tester:
        reply = await tester.ask(f"set a timer for {length}")
        assert reply.intent == "timer.set"
        assert not tester.failures
        assert "timer" in (await tester.ask("what timers do i have")).text
        assert await tester.advance(minutes=1) == []


async def test_a_full_disk_is_said_and_the_timer_runs_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "skill-data").write_text("a file where the folder should be")
    async with SkillTester(TIMER, data=tmp_path) as tester:
        reply = await tester.ask("set a timer for one minute")
        assert "can't save" in reply.text
        assert len(await tester.advance(minutes=1)) == 1


@pytest.mark.parametrize(
    "broken", ["{", '{"timers": 5}', '{"timers": [1, {"name": 3}, {"name": "", "seconds": 1e300, "due": []}]}']
)
async def test_a_broken_store_does_not_stop_new_timers(tmp_path: Path, broken: str) -> None:
    (tmp_path / "skill-data").mkdir()
    (tmp_path / "skill-data" / "timer.json").write_text(broken)
    async with SkillTester(TIMER, data=tmp_path) as tester:
        await tester.ask("set a timer for one minute")
        assert len(await tester.advance(minutes=1)) == 1


async def test_there_is_an_end_to_the_number_of_timers() -> None:
    async with SkillTester(TIMER) as tester:
        for _ in range(20):
            await tester.ask("set a timer for ten minutes")
        assert "Cancel one first" in (await tester.ask("set a timer for ten minutes")).text


async def test_a_killed_process_loses_no_timer(tmp_path: Path) -> None:
    """The process kills itself (SIGKILL) as soon as it hears the reply; what is on the disk then is all there is."""
    code = f"""
import asyncio, os, signal
from pathlib import Path
from assistant.testing.skills import SkillTester
from assistant.testing.skills import stored as read_store
async def main():
    async with SkillTester({str(TIMER)!r}, data=Path({str(tmp_path)!r})) as tester:
        await tester.ask("set a pasta timer for ten minutes")
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == -signal.SIGKILL
    async with SkillTester(TIMER, data=tmp_path) as tester:
        assert "ten minutes left" in (await tester.ask("what timers do i have")).text
        assert len(await tester.advance(minutes=10)) == 1


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("set a timer for two thirty", "two minutes and thirty seconds"),
        ("set a timer for 2:30", "two minutes and thirty seconds"),
        ("set a timer for half past ten", "one hour"),
        ("set a timer until ten o'clock", "thirty minutes|half an hour"),
        ("set a timer for six", "how long"),
        ("set a timer for 0 minutes", "second at least"),
    ],
)
async def test_a_time_instead_of_a_length_is_minutes_and_seconds_or_until_then(said: str, reply: str) -> None:
    async with SkillTester(TIMER) as tester:
        assert re.search(reply, (await tester.ask(said)).text, re.IGNORECASE)
