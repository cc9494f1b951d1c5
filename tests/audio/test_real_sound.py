"""The whole room with real sound: PyAudio on a PulseAudio whose microphone and speaker are null sinks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import numpy as np
import pyaudio
import pytest

from assistant.audio import pyaudio_device
from assistant.audio.chimes import chime
from assistant.audio.file_device import read_speech
from assistant.audio.frame import RATE, Samples
from assistant.audio.hub import Hub, HubReader
from assistant.audio.player import FIRST_RATE, Player
from assistant.audio.pulse_probe import FeedWatch, PulseProbe
from assistant.audio.pyaudio_device import PortAudio, list_devices
from assistant.audio.pyaudio_streams import PyAudioSink, PyAudioSource
from assistant.errors import DeviceError
from assistant.messages import audio
from tests.audio.reports import Reports
from tests.audio.sounds import pitch_of, seconds_of_sound, tone, write
from tests.pulse import Pulse

VOICE = 22_050


class Room:
    def __init__(self) -> None:
        self.reports = Reports()
        self.port_audio = PortAudio()
        self.hub = Hub(PyAudioSource(self.port_audio), retry_seconds=0.2)
        self.player = Player(PyAudioSink(self.port_audio), retry_seconds=0.2)
        self.hub.start(self.reports)
        self.player.start(self.reports)

    def close(self) -> None:
        self.hub.close()
        self.player.close()
        self.port_audio.shut()

    async def report(self) -> object:
        return await asyncio.to_thread(self.reports.next)


@pytest.fixture
def room(pulse: Pulse) -> Iterator[Room]:
    made = Room()
    yield made
    made.close()


async def pieces(*sounds: Samples) -> AsyncIterator[Samples]:
    for sound in sounds:
        yield sound


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a sound server's doings are no event of this loop
            await asyncio.sleep(0.01)


async def hear(reader: HubReader, pulse: Pulse, path: Path) -> Samples:
    """Play a file into the microphone; a second of what is heard, from where it begins."""
    player = await asyncio.to_thread(pulse.start_playing_into_microphone, path)
    frames: list[Samples] = []
    async with asyncio.timeout(15):
        async for frame in reader:
            if frames or np.abs(frame.samples).max() > 1000:
                frames.append(frame.samples)
            if len(frames) == 13:
                break
    player.terminate()
    await asyncio.to_thread(player.wait)
    return np.concatenate(frames[1:])


async def test_what_sounds_is_heard(pulse: Pulse, room: Room, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(440, 3, 44_100), 44_100, channels=2)
    assert pitch_of(await hear(await room.hub.listen(), pulse, path)) == pytest.approx(440, abs=2)


async def test_what_is_played_sounds_to_its_end(pulse: Pulse, room: Room, tmp_path: Path) -> None:
    path = tmp_path / "heard.wav"
    with pulse.record_speaker(path):
        assert await room.player.play(pieces(*np.array_split(tone(600, 1.0, VOICE), 9)), VOICE)
    sound = read_speech(path)
    assert pitch_of(sound) == pytest.approx(600, abs=2)
    assert 0.98 < seconds_of_sound(sound) < 1.15  # a busy machine may stutter, not lose


async def test_a_chime_is_heard_whole(pulse: Pulse, room: Room, tmp_path: Path) -> None:
    path = tmp_path / "heard.wav"
    with pulse.record_speaker(path):
        room.player.chime("error")
        await until(lambda: room.player._sink._stream is not None)  # type: ignore[attr-defined]
        await until(lambda: room.player._sink._stream is None)  # type: ignore[attr-defined]
    whole = seconds_of_sound(chime("error", FIRST_RATE), FIRST_RATE)
    assert whole - 0.05 < seconds_of_sound(read_speech(path)) < whole + 0.15


async def test_stop_falls_silent_within_a_tenth_of_a_second(pulse: Pulse, room: Room, tmp_path: Path) -> None:
    path = tmp_path / "heard.wav"
    with pulse.record_speaker(path):
        begun = time.monotonic()
        playing = asyncio.create_task(room.player.play(pieces(tone(600, 5, VOICE)), VOICE))
        await asyncio.sleep(0.6)
        wished = time.monotonic() - begun
        await room.player.stop()
        assert await playing is False
        await asyncio.sleep(0.4)
    assert seconds_of_sound(read_speech(path)) < wished + 0.1


async def test_mute_closes_the_microphone_in_the_sound_servers_own_view(
    pulse: Pulse, room: Room, tmp_path: Path
) -> None:
    await until(lambda: room.hub.state == "open")
    assert len(pulse.recordings()) == 1
    before = time.monotonic()
    await asyncio.to_thread(room.hub.mute)
    assert time.monotonic() - before < 0.2
    assert pulse.recordings() == []
    room.hub.unmute()
    assert await room.report() == audio.Unmuted()
    assert len(pulse.recordings()) == 1
    path = write(tmp_path / "a.wav", tone(440, 3))
    assert pitch_of(await hear(await room.hub.listen(), pulse, path)) == pytest.approx(440, abs=2)


def test_a_mute_does_not_take_the_sound_server_from_a_thread_that_asks_it(
    pulse: Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing while another thread asks ended the whole process: libpulse aborts."""
    monkeypatch.setattr(FeedWatch, "EVERY", 1)
    port_audio = PortAudio()
    source = PyAudioSource(port_audio)
    for _ in range(8):
        source.open()
        over = threading.Event()
        asking = threading.Thread(target=_ask_until, args=(source._watch, over))
        asking.start()
        source.close()
        over.set()
        asking.join(10)
        assert not asking.is_alive()
    port_audio.shut()


def _ask_until(watch: FeedWatch, over: threading.Event) -> None:
    while not over.is_set():
        with contextlib.suppress(DeviceError):
            watch.check()


async def test_an_unplugged_microphone_is_reported_and_found_again(pulse: Pulse, room: Room, tmp_path: Path) -> None:
    reader = await room.hub.listen()
    await anext(reader)
    pulse.unplug_microphone()
    failed = await room.report()
    assert isinstance(failed, audio.Failed)
    assert "taken away" in failed.reason
    await until(lambda: pulse.recordings() == [])  # above all it does not listen to the loudspeaker instead
    pulse.plug_microphone()
    assert isinstance(await room.report(), audio.Restored)
    path = write(tmp_path / "a.wav", tone(440, 3))
    assert pitch_of(await hear(reader, pulse, path)) == pytest.approx(440, abs=2)
    assert room.reports.empty


class _Strict(pyaudio.PyAudio):  # type: ignore[misc, unused-ignore]
    """A card that knows only 48 kHz stereo, as many do when nothing converts for them."""

    def get_device_info_by_index(self, device_index: int) -> dict[str, object]:
        info = dict(super().get_device_info_by_index(device_index))
        return {**info, "maxInputChannels": 2, "maxOutputChannels": 2, "defaultSampleRate": 48_000.0}

    def open(self, *, rate: int, channels: int, **rest: object) -> object:
        if rate != 48_000:
            raise OSError(-9997, "Invalid sample rate")
        if channels != 2:
            raise OSError(-9998, "Invalid number of channels")
        return super().open(rate=rate, channels=channels, **rest)


async def test_a_card_of_another_rate_and_channel_count_is_converted_for(
    pulse: Pulse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pyaudio, "PyAudio", _Strict)
    room = Room()
    try:
        path = write(tmp_path / "a.wav", tone(440, 3))
        assert pitch_of(await hear(await room.hub.listen(), pulse, path)) == pytest.approx(440, abs=2)
        with pulse.record_speaker(tmp_path / "heard.wav"):
            assert await room.player.play(pieces(*np.array_split(tone(600, 0.8, VOICE), 9)), VOICE)
        sound = read_speech(tmp_path / "heard.wav")
        assert pitch_of(sound) == pytest.approx(600, abs=2)
        assert 0.78 < seconds_of_sound(sound) < 0.95  # a busy machine may stutter, not lose
    finally:
        room.close()


def test_it_never_takes_the_loudspeaker_for_a_microphone(pulse: Pulse) -> None:
    pulse.unplug_microphone()
    port_audio = PortAudio()
    with pytest.raises(DeviceError, match="what the speaker plays"):
        PyAudioSource(port_audio).open()
    assert pulse.recordings() == []
    port_audio.shut()


@pytest.mark.slow
async def test_a_sound_server_that_dies_takes_nothing_with_it(pulse: Pulse, room: Room, tmp_path: Path) -> None:
    reader = await room.hub.listen()
    await anext(reader)
    playing = asyncio.create_task(room.player.play(pieces(tone(600, 30, VOICE)), VOICE))
    await until(lambda: room.player._sink._stream is not None)  # type: ignore[attr-defined]
    pulse.stop()
    with pytest.raises(DeviceError):
        await playing
    assert {type(await room.report()), type(await room.report())} == {audio.Failed}
    pulse.start()
    assert {type(await room.report()), type(await room.report())} == {audio.Restored}
    path = write(tmp_path / "a.wav", tone(440, 3))
    assert pitch_of(await hear(reader, pulse, path)) == pytest.approx(440, abs=2)
    assert await room.player.play(pieces(tone(600, 0.2, VOICE)), VOICE)


async def test_listening_costs_little(pulse: Pulse, room: Room) -> None:
    reader = await room.hub.listen()
    await anext(reader)
    cpu, samples = time.process_time(), 0
    async for frame in reader:
        samples += len(frame.samples)
        if samples > 2 * RATE:
            break
    assert time.process_time() - cpu < 0.2, "more than a tenth of a processor for listening alone"


def test_devices_are_listed_and_chosen_by_part_of_their_name(pulse: Pulse) -> None:
    port_audio = PortAudio()
    assert {"pulse", "default"} <= {device.name for device in list_devices(port_audio)}
    source = PyAudioSource(port_audio, "PUL")
    source.open()
    source.close()
    with pytest.raises(DeviceError, match=r"'jabra'.*'pulse'"):
        PyAudioSource(port_audio, "jabra").open()
    port_audio.shut()


def test_a_card_plugged_in_meanwhile_is_found_although_the_microphone_is_open(
    pulse: Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    port_audio = PortAudio()
    source, sink = PyAudioSource(port_audio), PyAudioSink(port_audio, "new speaker")
    source.open()
    first = port_audio._audio
    for cards in ("", "1 [new speaker]"):
        monkeypatch.setattr(pyaudio_device, "_cards", lambda cards=cards: cards)
        port_audio._cards = ""
        for _ in range(2):  # the first failure asks for a look, the second finds what is new
            with pytest.raises(DeviceError):
                sink.open(VOICE)
        assert source.read() is not None
        assert (port_audio._audio is first) == (cards == ""), "the list is made anew only when something changed"
        assert not port_audio.stale
    source.close()
    port_audio.shut()


def test_the_c_libraries_do_not_chatter_and_we_do(pulse: Pulse, capfd: pytest.CaptureFixture[str]) -> None:
    list_devices()
    os.write(2, b"ours")
    assert capfd.readouterr().err == "ours"


def test_without_a_sound_server_there_is_nothing_to_ask(pulse: Pulse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    assert not PulseProbe().open()
    assert "pulse" not in {device.name for device in list_devices()}
