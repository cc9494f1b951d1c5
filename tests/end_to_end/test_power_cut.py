"""A power cut in the middle of three timers, an alarm, a reminder and a list: nothing is lost, nothing rings early."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from assistant.bus.socket import connect
from assistant.messages import skill
from tests.end_to_end.running import LIMIT, Home, Running

pytestmark = pytest.mark.slow

SECONDS = 15
SAID = (
    f"set a tea timer for {SECONDS} seconds",
    "set an egg timer for forty minutes",
    "set a pasta timer for two hours",
    "wake me at seven tomorrow morning",
    "remind me to call anna tomorrow at nine",
    "add milk and eggs to the shopping list",
)


def cut(assistant: Running) -> None:
    """The machine loses its power: no process gets to say a last word."""
    os.kill(assistant.process.pid, signal.SIGKILL)
    assistant.process.wait(LIMIT)


async def rung(socket: Path) -> tuple[str, float]:
    """The next thing that a skill says by itself, and when."""
    async with connect(socket, hears=[skill.Alerted]) as bus:
        async for envelope in bus.subscribe([skill.Alerted], "test"):
            assert isinstance(envelope.message, skill.Alerted)
            return envelope.message.skill, time.time()
    raise AssertionError("the assistant is gone")


def test_a_power_cut_loses_nothing_and_the_timer_still_rings(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = Running(home)
    first.__enter__()
    try:
        begun = time.time()
        answers = [home.ask(text) for text in SAID]
    finally:
        cut(first)
    assert [answer["skill"] for answer in answers] == ["timer", "timer", "timer", "alarm", "reminder", "list"]
    with Running(home):
        name, when = asyncio.run(asyncio.wait_for(rung(home.socket), LIMIT))
        assert (name, when >= begun + SECONDS - 1) == ("timer", True)
        home.ask("stop")
        assert "two timers" in home.ask("what timers do i have")["reply"].lower()
        assert "seven o'clock" in home.ask("what alarms do i have")["reply"]
        assert "call anna" in home.ask("what are my reminders")["reply"]
        assert "milk and eggs" in home.ask("what's on the shopping list")["reply"]
