"""A station's sound reaches an assistant without a network by way of a unit that has nothing but one. The real mpv."""

from __future__ import annotations

import array
import asyncio
import functools
import http.server
import socket
import subprocess
import sys
import threading
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.config.paths import TREE
from assistant.testing.skills import SkillTester

LOUD = 8000


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A station of a minute's tone, one that is off the air, one that is a file."""
    folder = tmp_path_factory.mktemp("web")
    with wave.open(str(folder / "tone.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(array.array("h", [LOUD, -LOUD] * 4000 * 60).tobytes())
    handler = functools.partial(_Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stations = (
            f"Tone = http://127.0.0.1:{server.server_port}/tone.wav, Gone = http://127.0.0.1:9/, Disk = file:///x"
        )
        path = folder / "assistant.yaml"
        path.write_text(f'skills:\n  settings: {{media.stations: "{stations}"}}\n')
        yield path
        server.shutdown()


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


def unit(config: Path, line: socket.socket) -> subprocess.Popen[bytes]:
    """The program as systemd starts it, with a connection as its standard input."""
    command = [sys.executable, "-m", "skills.media.station", "--config", str(config)]
    return subprocess.Popen(command, stdin=line.fileno(), cwd=TREE)


def asked(config: Path, name: bytes, *, enough: int = 0, code: int = 0) -> bytes:
    """What a listener gets; from `enough` bytes of sound on he goes away. The unit has ended then."""
    ours, its = socket.socketpair()
    with its:
        program = unit(config, its)
    with ours:
        ours.settimeout(60)
        ours.sendall(name + b"\n")
        got = b""
        while (data := ours.recv(1 << 16)) and len(got := got + data) < enough + 6:
            pass
    assert program.wait(60) == code
    return got


def test_a_station_comes_as_samples_and_ends_with_the_listener(config: Path) -> None:
    got = asked(config, b"tone", enough=48_000 * 4)
    assert got.startswith(b"plays\n")
    samples = array.array("h", got[6 : 6 + 48_000 * 4])
    assert max(samples) > LOUD / 2


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        (b"gone", b"off-air\n"),
        (b"disk", b"unknown\n"),
        (b"http://127.0.0.1:9/", b"unknown\n"),
        (b"", b"unknown\n"),
        (b"\xff", b"unknown\n"),
        (b"x" * 10_000, b"unknown\n"),
    ],
)
def test_it_goes_nowhere_but_to_stations_of_the_configuration(config: Path, name: bytes, answer: bytes) -> None:
    assert asked(config, name) in (answer, b"")


@pytest.mark.parametrize("text", [None, "skills: [", "3"])
def test_settings_that_cannot_be_read_are_named(
    tmp_path: Path, text: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.yaml"
    if text is not None:
        path.write_text(text)
    assert asked(path, b"tone", code=1) == b"unknown\n"
    assert "broken.yaml" in capfd.readouterr().err


@pytest.fixture
async def place(config: Path, tmp_path: Path) -> AsyncIterator[Path]:
    """A socket that does as systemd's: a process for each listener."""
    running = []

    def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = socket.socket(fileno=socket.dup(writer.get_extra_info("socket").fileno()))
        with line:
            running.append(unit(config, line))
        writer.transport.abort()

    path = tmp_path / "radio.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    async with await asyncio.start_unix_server(accepted, sock=listening):
        yield path
    for each in running:
        assert each.wait(60) == 0, "a unit goes when nobody listens"


async def test_the_system_service_plays_the_radio(config: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stations = config.read_text().partition('"')[2].partition('"')[0]
    settings = {"media.output": "null", "media.stations": stations}
    async with SkillTester(TREE / "skills" / "media", settings=settings, timeout=30) as tester:
        running = tester._service.loaded[0]._running
        assert running is not None
        module: Any = sys.modules[type(running.skill).__module__]
        monkeypatch.setattr(module, "has_network", lambda: False)
        monkeypatch.setattr(module.radio.listen, "__defaults__", (place,))
        assert "one" in (await tester.ask("play tone")).text
        assert "Tone" in (await tester.ask("what's playing")).text.title()
        assert await tester.hush() == 1
        assert "Gone" in (await tester.ask("play gone")).text.title()
        with monkeypatch.context() as patch:
            patch.setenv("PATH", "/nowhere")
            assert "mpv" in (await tester.ask("play tone")).text
        monkeypatch.setattr(module.radio.listen, "__defaults__", (place.with_name("none"),))
        assert "system service" in (await tester.ask("play tone")).text
