"""A malicious skill gets what it was allowed, and nothing of all it tries besides."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from assistant.skills import walls
from assistant.testing.skills import SkillTester

ATTACKER = Path(__file__).with_name("attacker")
MANY = 50


@asynccontextmanager
async def hosts() -> AsyncIterator[tuple[str, str]]:
    """Two servers that say back what they hear: one allowed, one not."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        writer.close()

    async with (
        await asyncio.start_server(echo, "127.0.0.1", 0) as one,
        await asyncio.start_server(echo, "127.0.0.1", 0) as other,
    ):
        yield tuple(f"127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in (one, other))  # type: ignore[misc]


@asynccontextmanager
async def attacker(*, allowed: bool = True) -> AsyncIterator[SkillTester]:
    async with hosts() as (host, other):
        settings = {"attacker.host": host, "attacker.other": other}
        allow = ["attacker"] if allowed else []
        async with SkillTester(ATTACKER, settings=settings, timeout=30, allow=allow) as tester:
            yield tester


@pytest.fixture(params=["cell and bubblewrap", "cell alone"])
def _walls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside the system's service there is no bubblewrap: the cell holds by itself."""
    if request.param == "cell alone":
        monkeypatch.setattr(walls, "bubblewrap", str)
    elif not walls.bubblewrap():
        pytest.skip("bubblewrap may not make namespaces here")


@pytest.mark.usefixtures("_walls")
async def test_all_attacks_are_denied_and_all_that_is_intended_works() -> None:
    async with attacker() as tester:
        assert (await tester.ask("behave")).text == "hello kept"
        assert json.loads((await tester.ask("attack")).text) == []
        assert (await tester.ask("behave")).text == "hello kept"
        assert not tester.failures


async def test_without_a_yes_it_does_not_even_run() -> None:
    async with attacker(allowed=False) as tester:
        assert "Allow it with" in (await tester.ask("behave")).text
        assert tester._service.loaded == ()


async def test_a_yes_that_is_taken_back_counts_before_anyone_told_the_skill() -> None:
    async with attacker() as tester:
        assert (await tester.ask("behave")).text == "hello kept"
        tester.forbid("attacker")
        await tester.ask("behave")
        assert "NotAllowed" in tester.failures[-1].reason


async def test_it_can_take_neither_the_memory_nor_the_processor_for_itself() -> None:
    async with attacker() as tester:
        answer = (await tester.ask("fill the memory")).text
        count = int(answer.removesuffix(" threads"))
        assert count < 1000


async def test_one_that_floods_the_room_is_ended() -> None:
    async with attacker() as tester:
        await tester.ask("flood")
        assert "ended" in tester.failures[-1].reason
        assert (await tester.ask("behave")).text == "hello kept"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can do all of it")
def test_the_attacks_are_real() -> None:
    """The same code outside of a cell succeeds: a test that could not fail would prove nothing."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import attacks\n"
        "[attacks.ATTACKS.pop(name) for name in attacks.UNDO_ENDS_THE_TEST]\n"
        "print('\\nsucceeded', len(attacks.succeeded()), 'of', len(attacks.ATTACKS))"
    )
    done = subprocess.run([sys.executable, "-c", code, ATTACKER], capture_output=True, text=True, check=True)
    found = re.search(r"succeeded (\d+) of (\d+)", done.stdout)
    assert found, done.stdout
    assert int(found[1]) > int(found[2]) * 0.7, done.stdout
