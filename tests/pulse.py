"""A PulseAudio of the tests' own: two null sinks, one as the microphone, one as the speaker. Needs no sound card.

Use the fixture by `from tests.pulse import pulse, pulse_server`. What is played into `mic` is what the default source
(`mic.monitor`) hears; what is played on the default sink (`speaker`) can be recorded.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

_TOOLS = ("pulseaudio", "pactl", "paplay", "parec")
_MICROPHONE = ("module-null-sink", "sink_name=mic", "norewinds=1")
_SPEAKER = ("module-null-sink", "sink_name=speaker", "norewinds=1")
"""Without `norewinds` a null sink wakes up only every two seconds."""


class Pulse:
    """A running server. `env` is what a process needs to use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid = 0
        self.env: Mapping[str, str] = {
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "PULSE_RUNTIME_PATH": str(folder / "run"),
            "PULSE_SERVER": f"unix:{folder}/socket",
        }

    def start(self) -> None:
        (self._folder / "run").mkdir(mode=0o700, exist_ok=True)
        self._run(
            "pulseaudio", "-n", "--daemonize=yes", "--exit-idle-time=-1", "--disable-shm=yes", "--log-level=error",
            "-L", f"module-native-protocol-unix auth-anonymous=1 socket={self._folder}/socket",
            "-L", " ".join(_MICROPHONE), "-L", " ".join(_SPEAKER),
        )  # fmt: skip
        self._pid = int((self._folder / "run" / "pid").read_text())
        self._choose_defaults()

    def stop(self) -> None:
        """End it at once, as a crash would."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._until(lambda: not _alive(self._pid))
            self._pid = 0
        (self._folder / "socket").unlink(missing_ok=True)
        (self._folder / "run" / "pid").unlink(missing_ok=True)

    def play_into_microphone(self, path: Path) -> None:
        """Play a sound file to its end where the microphone hears it."""
        self._run("paplay", "--device=mic", str(path))

    def start_playing_into_microphone(self, path: Path) -> subprocess.Popen[bytes]:
        """The same without waiting."""
        return subprocess.Popen(["paplay", "--device=mic", str(path)], env=self._environ())

    @contextmanager
    def record_speaker(self, path: Path) -> Iterator[None]:
        """Record what is played meanwhile, as 16 kHz mono WAV."""
        before = set(self.recordings())
        recorder = subprocess.Popen(
            ["parec", "--device=speaker.monitor", "--file-format=wav", "--rate=16000", "--channels=1",
             "--format=s16le", "--latency-msec=20", str(path)], env=self._environ(),
        )  # fmt: skip
        try:
            self._until(lambda: set(self.recordings()) != before)
            yield
        finally:
            recorder.terminate()
            recorder.wait()

    @contextmanager
    def speaker_into_microphone(self) -> Iterator[None]:
        """The microphone hears what the speaker plays, meanwhile."""
        loop = self._ask("pactl", "load-module", "module-loopback", "source=speaker.monitor", "sink=mic").strip()
        try:
            yield
        finally:
            self._run("pactl", "unload-module", loop)

    def unplug_microphone(self) -> None:
        """Unload the microphone's module: the source vanishes."""
        for line in self._ask("pactl", "list", "short", "modules").splitlines():
            if "sink_name=mic" in line:
                self._run("pactl", "unload-module", line.split()[0])

    def plug_microphone(self) -> None:
        """Load it again, if it is not there."""
        if "mic.monitor" not in self._ask("pactl", "list", "short", "sources"):
            self._run("pactl", "load-module", *_MICROPHONE)
        self._choose_defaults()

    def recordings(self) -> list[str]:
        """What records at the moment, in PulseAudio's own words, a line each: who has a microphone open."""
        return self._ask("pactl", "list", "short", "source-outputs").splitlines()

    def _choose_defaults(self) -> None:
        self._run("pactl", "set-default-source", "mic.monitor")
        self._run("pactl", "set-default-sink", "speaker")

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **self.env}

    def _run(self, *command: str) -> None:
        subprocess.run(command, env=self._environ(), check=True, capture_output=True, timeout=60)

    def _ask(self, *command: str) -> str:
        return subprocess.run(
            command, env=self._environ(), check=True, capture_output=True, text=True, timeout=10
        ).stdout

    @staticmethod
    def _until(reached: object) -> None:
        end = time.monotonic() + 10
        while not reached():  # type: ignore[operator]
            if time.monotonic() > end:
                raise TimeoutError("PulseAudio did not react")
            time.sleep(0.01)


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and ") Z" not in stat.read_text()


@pytest.fixture(scope="session")
def pulse_server() -> Iterator[Pulse]:
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: no real sound without PulseAudio")
    with tempfile.TemporaryDirectory(prefix="pulse-") as folder:  # a short path: it holds a socket
        server = Pulse(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def pulse(pulse_server: Pulse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulse]:
    """The server, used by this process too, with its microphone plugged in."""
    for name, value in pulse_server.env.items():
        monkeypatch.setenv(name, value)
    yield pulse_server
    pulse_server.plug_microphone()
