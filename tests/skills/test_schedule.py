"""What is scheduled happens on time whatever the wall clock does, and in order."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from assistant.clock import SystemClock
from assistant.skills.schedule import Deadline, Schedule
from assistant.skills.worker import settled
from assistant.testing.skills import MONDAY, ManualClock


class Probe:
    def __init__(self, boot: str = "one", clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.done: list[str] = []
        self.jumps = 0
        self.schedule = Schedule(self.clock, self.run, self.jumped, boot)

    async def run(self, action: Callable[[], Awaitable[None] | None]) -> None:
        await settled(action())

    async def jumped(self) -> None:
        self.jumps += 1

    def note(self, name: str) -> Callable[[], None]:
        return lambda: self.done.append(name)

    async def at(self, seconds: float) -> list[str]:
        self.clock.advance(timedelta(seconds=seconds))
        self.done.clear()
        await self.schedule.check()
        return list(self.done)


async def test_things_happen_when_due_and_in_order() -> None:
    probe = Probe()
    for name, seconds in (("late", 20), ("early", 5), ("middle", 10)):
        probe.schedule.after(timedelta(seconds=seconds), name, probe.note(name))
    probe.schedule.at(MONDAY + timedelta(seconds=7), "date", probe.note("date"))
    assert probe.schedule.names == ("early", "date", "middle", "late")
    assert await probe.at(4) == []
    assert await probe.at(6) == ["early", "date", "middle"]
    assert probe.schedule.next() == 10
    probe.schedule.close()


async def test_a_name_is_replaced_and_can_be_cancelled() -> None:
    probe = Probe()
    probe.schedule.after(timedelta(seconds=1), "a", probe.note("first"))
    probe.schedule.after(timedelta(seconds=2), "a", probe.note("second"))
    probe.schedule.after(timedelta(seconds=2), "b", probe.note("b"))
    assert probe.schedule.cancel("b")
    assert not probe.schedule.cancel("b")
    assert await probe.at(3) == ["second"]
    probe.schedule.close()


@pytest.mark.parametrize("by", [timedelta(hours=5), timedelta(hours=-5), timedelta(days=4000)])
async def test_a_corrected_wall_clock_moves_no_length_of_time(by: timedelta) -> None:
    probe = Probe()
    due = probe.schedule.after(timedelta(seconds=60), "a", probe.note("a"))
    probe.clock.correct(MONDAY + by)
    assert await probe.at(59) == []
    assert probe.jumps == 1
    assert probe.schedule.left(due) == timedelta(seconds=1)
    assert probe.schedule.renew(due).wall == pytest.approx((MONDAY + by).timestamp() + 60)
    assert await probe.at(1) == ["a"]
    probe.schedule.close()


async def test_a_date_follows_the_corrected_wall_clock() -> None:
    probe = Probe()
    probe.schedule.at(MONDAY + timedelta(hours=1), "a", probe.note("a"))
    probe.clock.correct(MONDAY + timedelta(hours=2))
    assert await probe.at(0) == ["a"]
    probe.schedule.close()


async def test_a_stored_deadline_survives_a_restart_of_the_program_and_of_the_machine() -> None:
    first = Probe("one")
    packed = first.schedule.deadline(timedelta(minutes=10)).pack()
    first.clock.correct(MONDAY + timedelta(hours=3))
    same_boot = Probe("one", first.clock)
    assert same_boot.schedule.left(Deadline.unpack(packed)) == timedelta(minutes=10)
    after_reboot = Probe("two", ManualClock(MONDAY + timedelta(minutes=4)))
    after_reboot.clock._monotonic = 3.0
    assert after_reboot.schedule.left(Deadline.unpack(packed)) == timedelta(minutes=6)


@pytest.mark.parametrize("packed", [None, [], [1, 2], ["a", 1, "b"], {"wall": 1}, [1, 2, 3]])
def test_what_is_no_deadline_is_refused(packed: object) -> None:
    with pytest.raises(ValueError, match="no"):
        Deadline.unpack(packed)


async def test_an_action_that_schedules_itself_again_does_not_run_twice_at_once() -> None:
    probe = Probe()

    def again() -> None:
        probe.done.append("a")
        probe.schedule.after(timedelta(seconds=5), "a", again)

    probe.schedule.after(timedelta(seconds=5), "a", again)
    assert await probe.at(5) == ["a"]
    assert await probe.at(4) == []
    assert await probe.at(1) == ["a"]
    probe.schedule.close()


async def test_a_date_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Probe().schedule.at(datetime(2026, 1, 1), "a", lambda: None)


async def test_with_real_time_it_happens_by_itself() -> None:
    happened = asyncio.Event()

    async def run(action: Callable[[], Awaitable[None] | None]) -> None:
        await settled(action())

    async def jumped() -> None: ...

    schedule = Schedule(SystemClock(), run, jumped, "one")
    schedule.after(timedelta(hours=1), "later", lambda: None)
    schedule.after(timedelta(seconds=0.01), "soon", happened.set)
    async with asyncio.timeout(5):
        await happened.wait()
    assert schedule.names == ("later",)
    schedule.close()
