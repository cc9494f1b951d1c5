"""A person who types a command on a machine with the service is not told about folders of his own instead."""

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.cli import context
from assistant.cli.main import main
from assistant.config.paths import SYSTEM_RUNTIME, SYSTEM_TREE, Paths, find_paths


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    environ = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    found = find_paths(environ, tree=SYSTEM_TREE)
    monkeypatch.setattr(context, "find_paths", lambda: found)
    return found


@pytest.mark.usefixtures("paths")
@pytest.mark.parametrize("command", ["skills allow weather --yes", "skills list", "data show", "consent log"])
def test_he_is_told_the_command_that_speaks_of_the_service(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command.split()) == 1
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[-1].endswith(f"Run: sudo assistant {command}")) == ("", True)


def test_whoever_has_an_assistant_of_his_own_running_means_that(paths: Paths) -> None:
    assert paths.are_of_a_visitor
    paths.runtime.mkdir()
    paths.hub_socket.touch()
    assert not paths.are_of_a_visitor
    assert not replace(paths, runtime=SYSTEM_RUNTIME).are_of_a_visitor
    assert not find_paths({"HOME": "/home/ada", "XDG_RUNTIME_DIR": "/run/user/7"}).are_of_a_visitor


@pytest.mark.parametrize(("typed", "meant"), [("allow weather", "skills allow"), ("grant usage", "consent grant")])
def test_an_action_typed_as_a_command_is_told_its_place(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(typed.split())
    assert f"Did you mean: assistant {meant}" in capsys.readouterr().err
