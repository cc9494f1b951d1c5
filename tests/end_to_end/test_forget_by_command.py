"""`assistant consent withdraw --everything` while the assistant runs, each service in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.running import Home, Running

pytestmark = pytest.mark.slow


def test_everything_is_forgotten_in_memory_and_on_the_disk(tmp_path: Path) -> None:
    home = Home(tmp_path)
    state = tmp_path / "state" / "assistant"
    with Running(home, "--split"):
        assert home.ask("set a tea timer for two hours")["intent"] == "timer.set"
        assert [path.name for path in (state / "skill-data").iterdir()] == ["timer.store"]
        assert not (state / "consent").exists(), "nobody has agreed to anything"
        assert "tea" not in (state / "skill-data" / "timer.store").read_bytes().decode(errors="replace")
        assert "names and ends of running timers" in home.call("data", "show").stdout

        done = home.call("consent", "withdraw", "--everything")
        assert done.returncode == 0
        assert "1 skill:timer" in done.stdout
        assert list((state / "skill-data").iterdir()) == []
        answer = home.ask("what timers do i have")
        while "did not work" in answer["reply"]:  # the skill is starting anew
            answer = home.ask("what timers do i have")
        assert "no timer" in answer["reply"].lower()
        assert list((state / "skill-data").iterdir()) == []
        assert not (state / "consent").exists()
