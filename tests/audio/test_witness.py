"""Who holds a microphone open is what the kernel and the sound server say; a flag that says otherwise is caught."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from assistant.audio.hub import Hub
from assistant.audio.player import Player
from assistant.audio.pyaudio_device import PortAudio
from assistant.audio.pyaudio_streams import PyAudioSource
from assistant.audio.service import AudioService
from assistant.audio.witness import Holder, View, contradiction, family, look
from assistant.build import policy
from assistant.bus.hub import Hub as BusHub
from assistant.bus.memory import MemoryBus
from assistant.bus.socket import connect
from assistant.cli import microphone
from assistant.config.schema import Audio
from assistant.messages import audio
from assistant.testing.audio import FakeSink
from tests.pulse import Pulse

OPEN = """state: RUNNING
owner_pid   : {owner}
trigger_time: 93.251
tstamp      : 0.0
delay       : 256
avail       : 256
avail_max   : 512
-----
hw_ptr      : 256
appl_ptr    : 0
"""


class Proc:
    """A /proc as a machine with two sound cards has it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for card, device in ((0, 0), (1, 0), (1, 1)):
            self.capture(card, device, "closed\n")
            self._write(f"asound/card{card}/pcm{device}p/sub0/status", OPEN.format(owner=999))  # playing is no matter

    def _write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def capture(self, card: int, device: int, text: str) -> None:
        self._write(f"asound/card{card}/pcm{device}c/sub0/status", text)

    def process(self, pid: int, name: str, *, parent: int = 1, threads: tuple[int, ...] = (), open_: str = "") -> None:
        for each in (pid, *threads):
            self._write(f"{each}/status", f"Name:\t{name}\nTgid:\t{pid}\n")
        self._write(f"{pid}/comm", f"{name}\n")
        self._write(f"{pid}/stat", f"{pid} ({name} (x) y) S {parent} 0 0\n")
        (self.root / str(pid) / "fd").mkdir()
        if open_:
            (self.root / str(pid) / "fd" / "7").symlink_to(open_)


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


@pytest.fixture
def no_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")


@pytest.mark.usefixtures("no_pulse")
def test_nobody_holds_a_closed_card(proc: Proc) -> None:
    proc.process(12, "python3", open_="/dev/snd/pcmC0D0p")  # only plays
    assert look(proc.root, {}) == View(holders=())


@pytest.mark.usefixtures("no_pulse")
def test_alsas_table_names_the_process_of_the_thread_that_opened_it(proc: Proc) -> None:
    proc.process(12, "python3", threads=(15,))
    proc.capture(1, 0, OPEN.format(owner=15))
    assert look(proc.root, {}).holders == (Holder(pid=12, how="ALSA card 1 device 0", program="python3"),)
    assert [str(each) for each in look(proc.root, {}).of({12})] == ["pid 12 (python3) via ALSA card 1 device 0"]


@pytest.mark.usefixtures("no_pulse")
def test_an_owner_that_cannot_be_seen_still_counts(proc: Proc) -> None:
    proc.capture(1, 1, OPEN.format(owner=77))  # its thread has ended, or /proc hides it
    proc.capture(0, 0, OPEN.format(owner=0))  # it is outside of this pid namespace
    assert [each.pid for each in look(proc.root, {}).holders] == [0, 77]
    assert "hidden" in str(look(proc.root, {}).holders[0])


@pytest.mark.usefixtures("no_pulse")
def test_an_inherited_handle_is_seen_beside_its_owner_and_once(proc: Proc) -> None:
    proc.process(12, "python3", open_="/dev/snd/pcmC1D0c")
    proc.process(13, "child", parent=12, open_="/dev/snd/pcmC1D0c")
    proc.capture(1, 0, OPEN.format(owner=12))
    view = look(proc.root, {})
    assert [each.pid for each in view.holders] == [12, 13]
    assert [each.pid for each in view.of(family({12}, proc.root))] == [12, 13], "what a child records, we record"
    assert [each.pid for each in view.others({12})] == [13]


@pytest.mark.usefixtures("no_pulse")
def test_a_sound_server_that_does_not_answer_is_said(proc: Proc) -> None:
    assert look(proc.root, {}).blind == ""
    assert "does not answer" in look(proc.root, {"PULSE_SERVER": "unix:/nowhere"}).blind


def test_a_belief_is_held_against_what_was_seen() -> None:
    ours = (Holder(pid=12, how="ALSA card 1 device 0"),)
    assert contradiction("muted", ours).startswith("it says that it is muted, but pid 12")
    assert "none of its processes" in contradiction("ok", ())
    assert not contradiction("ok", (), blind="the sound server does not answer")
    assert contradiction("muted", ours, blind="the sound server does not answer"), "what is seen is seen"
    for believed, seen in (("ok", ours), ("muted", ()), ("degraded", ()), ("starting", ()), ("starting", ours)):
        assert not contradiction(believed, seen)


@contextmanager
def recording(source: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another program that records."""
    with subprocess.Popen(["parec", f"--device={source}"], stdout=subprocess.DEVNULL) as recorder:
        yield recorder
        recorder.terminate()


async def test_a_recording_of_another_program_is_seen_in_the_sound_server(pulse: Pulse) -> None:
    with recording("mic.monitor") as recorder:
        async with asyncio.timeout(10):
            while not (view := await asyncio.to_thread(look)).holders:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert [str(each) for each in view.of({recorder.pid})] == [
        f"pid {recorder.pid} (pacat) via PulseAudio source mic.monitor"
    ]
    assert not view.of({os.getpid()})


class Stubborn(PyAudioSource):
    """The mutant: it says that it has closed the device, and holds on to it."""

    def close(self) -> None:
        self._closing.set()

    def really_close(self) -> None:
        super().close()


class Living:
    """A sound room on a real sound server, with a hub that clients can join."""

    def __init__(self, bus: MemoryBus, socket: Path, hub: Hub) -> None:
        self.bus, self.socket, self.hub = bus, socket, hub

    async def mute(self) -> None:
        muted = self.bus.subscribe([audio.Muted], "test")
        self.bus.publish(audio.Mute(), "test")
        async for _ in muted:
            return

    async def seen(self) -> audio.Seen:
        answer = self.bus.subscribe([audio.Seen], "test")
        self.bus.publish(audio.Look(), "test")
        async with asyncio.timeout(20):
            async for envelope in answer:
                assert isinstance(envelope.message, audio.Seen)
                return envelope.message
        raise AssertionError

    async def status(self) -> microphone.Found:
        async with connect(self.socket, hears=microphone.HEARS) as client:
            return await microphone.examine(client)


@asynccontextmanager
async def living(source: PyAudioSource, folder: Path) -> AsyncIterator[Living]:
    """Everything but the speaker is real."""
    bus = MemoryBus()
    server = BusHub(bus, policy(), folder / "hub.sock", max_bytes=65536)
    await server.start()
    hub = Hub(source, retry_seconds=0.2)
    service = asyncio.create_task(AudioService(hub, Player(FakeSink()), Audio()).serve(bus))
    try:
        async with asyncio.timeout(20):
            while hub.state != "open":  # noqa: ASYNC110 - what a thread does is not an event of this loop
                await asyncio.sleep(0.01)
        yield Living(bus, folder / "hub.sock", hub)
    finally:
        bus.close()
        await asyncio.wait({service}, timeout=10)
        await server.stop()
        hub.close()


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for services that are not there."""
    monkeypatch.setattr(microphone, "SERVICES", (AudioService.name,))
    monkeypatch.setattr(microphone, "ANSWER_SECONDS", 20.0)


async def test_an_honest_mute_is_seen_as_closed(
    pulse: Pulse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alone(monkeypatch)
    async with living(PyAudioSource(PortAudio()), tmp_path) as room:
        seen, status = await room.seen(), await room.status()
        assert (seen.fault, status.fault) == ("", "")
        assert seen.ours == status.ours
        assert f"pid {os.getpid()}" in seen.ours[0]
        assert "via PulseAudio source mic.monitor" in seen.ours[0]
        await room.mute()
        seen, status = await room.seen(), await room.status()
        assert seen == audio.Seen(server=True)
        assert microphone.show(status) == 0
        assert capsys.readouterr().out == "microphone: closed (nobody of us holds it)\n"


async def test_a_flag_that_says_muted_while_a_stream_is_open_is_caught(
    pulse: Pulse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alone(monkeypatch)
    source = Stubborn(PortAudio())
    try:
        async with living(source, tmp_path) as room:
            await room.mute()
            assert room.hub.state == "muted", "that is what it believes"
            assert "says that it is muted, but pid" in (await room.seen()).fault
            status = await room.status()
            assert microphone.show(status) == 1
            printed = capsys.readouterr().out
            assert "ERROR" in printed
            assert f"open by pid {os.getpid()}" in printed
    finally:
        source.really_close()


async def test_a_service_that_lies_about_what_it_sees_is_caught_from_outside(
    pulse: Pulse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command looks for itself: what the sound room says of its own view does not decide."""
    alone(monkeypatch)
    source = Stubborn(PortAudio())
    monkeypatch.setattr(AudioService, "_look", _lie)
    try:
        async with living(source, tmp_path) as room:
            await room.mute()
            assert (await room.seen()).fault == ""
            assert "says that it is muted, but pid" in (await room.status()).fault
    finally:
        source.really_close()


async def test_who_may_not_ask_its_sound_server_is_told_so(
    pulse: Pulse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with another user's PulseAudio: the assistant's own account counts, and it is said whose account it is."""
    alone(monkeypatch)
    async with living(PyAudioSource(PortAudio()), tmp_path) as room:
        seen = await room.seen()
        monkeypatch.setattr(AudioService, "_look", lambda service: _repeat(service, seen))
        monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
        status = await room.status()
        assert status.ours == seen.ours
        assert microphone.show(status) == 0
        assert "by the assistant's own account" in capsys.readouterr().out


async def _repeat(service: AudioService, seen: audio.Seen) -> None:
    service.say(seen)


async def _lie(service: AudioService) -> None:
    service.say(audio.Seen())


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    found = microphone.Found(health={}, ours=("pid 1 via x",), others=("pid 2 via y",), fault="no", blind="")
    assert microphone.as_json(found)["microphone"] == "open"
    assert microphone.as_json(microphone.Found(health={}, ours=(), others=()))["microphone"] == "closed"
    assert microphone.show(found) == 1
    assert "another program has a microphone open: pid 2 via y" in capsys.readouterr().out


def test_children_of_children_are_family(proc: Proc) -> None:
    for pid, parent in ((10, 1), (11, 10), (12, 11), (20, 1)):
        proc.process(pid, "x", parent=parent)
    assert family({10}, proc.root) == {10, 11, 12}
    assert family({0}, proc.root) == frozenset()
    assert os.getpid() in family({os.getppid()})
