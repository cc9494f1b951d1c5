"""Skills come and go while the assistant runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.running import Home, Running


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with a skill in it, as its author has it."""
    author = Home(tmp_path / "author")
    assert author.call("skills", "new", "dice").returncode == 0
    folder = author.folder / "dice"
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "1"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_a_skill_from_a_git_url_answers_without_a_restart_and_is_gone_after_removal(
    tmp_path: Path, repository: Path
) -> None:
    home = Home(tmp_path)
    with Running(home) as assistant:
        assert home.ask("say hello to anna")["skill"] is None
        installed = home.call("skills", "install", f"file://{repository}")
        assert "The running assistant knows." in installed.stdout, installed
        answer = home.ask("say hello to anna")
        assert (answer["skill"], answer["slots"]) == ("dice", {"name": "anna"})
        assert "dice" in home.call("skills", "list").stdout
        assert home.call("skills", "remove", "dice").returncode == 0
        assert home.ask("say hello to anna")["skill"] is None
        assert home.ask("what time is it")["skill"] == "clock"
    assert not any("error" in line for line in assistant.log)


def test_a_skill_that_wants_the_network_is_refused_and_nothing_is_left(tmp_path: Path, repository: Path) -> None:
    manifest = repository / "skill.yaml"
    manifest.write_text(f"{manifest.read_text()}\npermissions: [network]\n")
    home = Home(tmp_path)
    done = home.call("skills", "install", str(repository))
    assert done.returncode == 1
    assert "network" in done.stderr
    assert not [each for each in (tmp_path / "state").rglob("*") if each.is_file()]
