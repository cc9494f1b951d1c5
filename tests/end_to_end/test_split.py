"""One process a service: any of them may be killed at any time, and what holds for one process holds for many.

All of it happens to one assistant, in this order: to start ten processes takes its time.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.build import SERVICES
from tests.end_to_end.running import CLOSED, Home, Running, until
from tests.pulse import Pulse, pulse_server

pytestmark = pytest.mark.slow
__all__ = ["pulse_server"]


@pytest.fixture(scope="module")
def assistant(pulse_server: Pulse) -> Iterator[Running]:
    with (
        tempfile.TemporaryDirectory(prefix="split-") as folder,
        Running(Home(Path(folder), pulse_server.env), "--split") as running,
    ):
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


def test_the_button_is_a_signal_to_all(assistant: Running, pulse_server: Pulse) -> None:
    home = assistant.home
    until(lambda: len(pulse_server.recordings()) == 1)
    assistant.process.send_signal(signal.SIGUSR1)
    until(lambda: pulse_server.recordings() == [])
    until(lambda: CLOSED in home.call("status").stdout)
    time.sleep(0.4)  # longer than a button bounces
    assistant.process.send_signal(signal.SIGUSR1)
    until(lambda: len(pulse_server.recordings()) == 1)
    status = json.loads(home.call("status", "--json").stdout.splitlines()[-1])
    assert (status["microphone"], status["fault"]) == ("open", "")


def test_everything_is_forgotten_in_memory_and_on_the_disk(assistant: Running) -> None:
    """By `assistant consent withdraw --everything`, a process of its own."""
    home = assistant.home
    state = home.folder / "state" / "assistant"
    assert home.ask("set an egg timer for three hours")["intent"] == "timer.set"
    assert [path.name for path in (state / "skill-data").iterdir()] == ["timer.store"]
    assert not (state / "consent").exists(), "nobody has agreed to anything"
    assert "egg" not in (state / "skill-data" / "timer.store").read_bytes().decode(errors="replace")
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


def test_all_services_end_with_their_supervisor(assistant: Running) -> None:
    children = [assistant.child(service) for service in SERVICES]
    assistant.stop()
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert not list(assistant.home.socket.parent.glob("*.sock"))
