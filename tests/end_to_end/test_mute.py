"""`assistant mute`, `unmute` and `status` on the running assistant, by real sound, over a restart and by a button."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.bus.socket import connect
from assistant.config.paths import TREE
from assistant.messages import audio
from tests.end_to_end.running import CLOSED, LIMIT, Home, Running, until
from tests.pulse import Pulse, pulse, pulse_server

pytestmark = pytest.mark.slow
__all__ = ["pulse", "pulse_server"]


@pytest.fixture
def home(pulse: Pulse) -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="mute-") as folder:
        yield Home(Path(folder), pulse.env)


@pytest.fixture(scope="module")
def assistant(pulse_server: Pulse) -> Iterator[Running]:
    """One that all may use who leave its microphone open. Other users may come as far as its sockets."""
    with tempfile.TemporaryDirectory(prefix="mute-") as name:
        home = Home(Path(name), pulse_server.env)
        home.folder.chmod(0o751)
        (home.folder / "run").chmod(0o751)
        with Running(home) as running:
            yield running


def test_a_mute_by_command_outlives_a_restart(pulse: Pulse, home: Home) -> None:
    with Running(home) as assistant:
        status = home.call("status")
        assert f"microphone: open by pid {assistant.process.pid} (" in status.stdout, status
        assert "via PulseAudio source mic.monitor" in status.stdout
        assert "ERROR" not in status.stdout
        muted = home.call("mute")
        assert (muted.returncode, muted.stdout.strip()) == (0, CLOSED), muted
        assert pulse.recordings() == []
        assert "My microphone is closed." in home.ask("are you recording")["reply"]
    assert "start with its microphone open" in home.call("unmute").stdout
    assert "start with its microphone closed" in home.call("mute").stdout
    with Running(home) as assistant:
        assert any("the microphone stays closed" in line for line in assistant.log)
        status = home.call("status")
        assert CLOSED in status.stdout, status
        assert "ERROR" not in status.stdout
        assert pulse.recordings() == []
        unmuted = home.call("unmute")
        assert f"microphone: open by pid {assistant.process.pid}" in unmuted.stdout, unmuted
        assert len(pulse.recordings()) == 1
        assert "My microphone is open" in home.ask("are you recording")["reply"]


def test_the_button_is_a_signal(pulse: Pulse, assistant: Running) -> None:
    until(lambda: len(pulse.recordings()) == 1)
    assistant.process.send_signal(signal.SIGUSR1)
    until(lambda: pulse.recordings() == [])
    until(lambda: CLOSED in assistant.home.call("status").stdout)
    time.sleep(0.4)  # longer than a button bounces
    assistant.process.send_signal(signal.SIGUSR1)
    until(lambda: len(pulse.recordings()) == 1)
    status = json.loads(assistant.home.call("status", "--json").stdout.splitlines()[-1])
    assert (status["microphone"], status["fault"]) == ("open", "")


def test_stop_listening_closes_it_and_says_how_it_opens_again(pulse: Pulse, assistant: Running) -> None:
    until(lambda: len(pulse.recordings()) == 1)
    assert "assistant unmute" in assistant.home.ask("stop listening")["reply"]
    until(lambda: pulse.recordings() == [])
    until(lambda: CLOSED in assistant.home.call("status").stdout)
    assert assistant.home.call("unmute").returncode == 0
    until(lambda: len(pulse.recordings()) == 1)


async def test_a_message_closes_the_device_before_it_is_told(pulse: Pulse, assistant: Running) -> None:
    await asyncio.to_thread(until, lambda: len(pulse.recordings()) == 1)
    async with asyncio.timeout(LIMIT), connect(assistant.home.socket, hears=[audio.Muted, audio.Unmuted]) as bus:
        inbox = aiter(bus.subscribe([audio.Muted, audio.Unmuted], "test"))
        bus.publish(audio.Mute(), "client")
        assert isinstance((await anext(inbox)).message, audio.Muted)
        assert pulse.recordings() == []
        bus.publish(audio.Unmute(), "client")
        assert isinstance((await anext(inbox)).message, audio.Unmuted)
        assert len(pulse.recordings()) == 1


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root, to become another user")
def test_a_member_of_the_group_may_mute_and_unmute(pulse: Pulse, assistant: Running) -> None:
    """As with the system service: another user, whom the socket's group lets in."""
    run = assistant.home.folder / "run"
    env = {"HOME": "/", "XDG_RUNTIME_DIR": str(run), "PATH": os.environ["PATH"], "PYTHONPATH": str(TREE)}
    become = ["setpriv", "--reuid", "65534", "--regid", "65534", "--groups", str(os.getegid()), "--"]

    def member(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*become, sys.executable, "-m", "assistant", *arguments], env=env, cwd="/", capture_output=True, text=True,
            timeout=LIMIT, check=False,
        )  # fmt: skip

    if member("--version").returncode != 0:
        pytest.skip("another user cannot read this installation")
    muted = member("mute")
    assert (muted.returncode, CLOSED in muted.stdout) == (0, True), muted
    assert pulse.recordings() == []
    unmuted = member("unmute")
    assert unmuted.returncode == 0, unmuted
    assert f"open by pid {assistant.process.pid}" in unmuted.stdout, unmuted
    assert len(pulse.recordings()) == 1


@pytest.mark.parametrize("command", ["mute", "unmute"])
def test_help_shows_examples(home: Home, command: str) -> None:
    shown = home.call(command, "--help").stdout
    assert "assistant unmute" in shown
    assert "assistant status" in shown
    assert "SIGUSR1" in shown
