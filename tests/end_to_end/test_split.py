"""One process a service: any of them may be killed at any time."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.build import SERVICES
from tests.end_to_end.running import Home, Running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(Home(tmp_path_factory.mktemp("split")), "--split") as running:
        assert running.home.ask("set a tea timer for two hours")["intent"] == "timer.set"
        yield running


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_is_back_and_nothing_is_lost(assistant: Running, service: str) -> None:
    killed = assistant.child(service)
    os.kill(killed, signal.SIGKILL)
    answer = assistant.home.ask("how much time is left on the tea timer")
    assert answer["intent"] == "timer.remaining", answer
    assert "hour" in answer["reply"].lower()
    states = assistant.home.call("status", "--json").stdout
    assert states.count('"service"') == len(SERVICES)
    assert assistant.child(service) != killed


def test_other_users_cannot_reach_the_sockets(assistant: Running) -> None:
    folder = assistant.home.socket.parent
    assert stat.S_IMODE(folder.stat().st_mode) & 0o007 == 0
    for socket in folder.iterdir():
        # The gate's is for the assistant's own user alone: who may talk to the assistant may not bring it clips.
        assert stat.S_IMODE(socket.stat().st_mode) == (0o600 if socket.name == "gate.sock" else 0o660), socket


def test_what_was_said_is_in_no_log(assistant: Running) -> None:
    assistant.home.ask("my secret word is xylophone")
    assert not any("xylophone" in line for line in assistant.log)


def test_all_services_end_with_their_supervisor(tmp_path: Path) -> None:
    with Running(Home(tmp_path), "--split") as running:
        children = [running.child(service) for service in SERVICES]
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert not list(running.home.socket.parent.glob("*.sock"))
