"""Every source keeps the promises of assistant.audio.source, whether it is a fake, a file or a microphone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.file_device import FileSource
from assistant.audio.frame import FRAME_SAMPLES, Samples
from assistant.audio.pyaudio_device import PortAudio
from assistant.audio.pyaudio_streams import PyAudioSource
from assistant.audio.queue_device import QueueSource
from assistant.audio.source import Source
from assistant.errors import DeviceError
from assistant.testing.audio import FakeSource
from tests.audio.sounds import pitch_of, tone, write

PITCH = 500.0


@dataclass
class Case:
    """A source that hears a tone while `sounding`, and one like it that cannot be opened."""

    source: Source
    sounding: Callable[[], object]
    unusable: Source | None


@contextmanager
def fake(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    source, broken = FakeSource(), FakeSource()
    broken.unplug()
    yield Case(source, lambda: source.hear(tone(PITCH, 1)), broken)


@contextmanager
def queue(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    source = QueueSource(realtime=False)
    yield Case(source, lambda: source.push(tone(PITCH, 1)), None)


@contextmanager
def realtime_queue(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    source = QueueSource()
    yield Case(source, lambda: source.push(tone(PITCH, 1)), None)


@contextmanager
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    path = write(tmp_path / "tone.flac", tone(PITCH, 2, 44100), 44100, channels=2)
    yield Case(FileSource(path), lambda: None, FileSource(tmp_path / "absent.wav"))


@contextmanager
def microphone(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    pulse = request.getfixturevalue("pulse")
    path = write(tmp_path / "tone.wav", tone(PITCH, 3))
    audio, players = PortAudio(), []
    source = PyAudioSource(audio)
    yield Case(source, lambda: players.append(pulse.start_playing_into_microphone(path)), PyAudioSource(audio, "nope"))
    source.close()
    audio.shut()
    for player in players:
        player.terminate()
        player.wait()


@pytest.fixture(params=[fake, queue, realtime_queue, file, microphone])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with request.param(tmp_path, request) as made:
        yield made
        made.source.close()


def heard(source: Source) -> Samples:
    """Half a second in which there is sound, after at most three of waiting."""
    frames: list[Samples] = []
    for _ in range(38):
        frame = source.read()
        assert frame is not None
        assert frame.dtype == np.int16
        assert frame.shape == (FRAME_SAMPLES,)
        if frames or np.abs(frame).max() > 1000:
            frames.append(frame)
        if len(frames) == 7:
            break
    return np.concatenate(frames)


def test_it_gives_whole_frames_of_what_sounds(case: Case) -> None:
    case.source.open()
    case.sounding()
    assert pitch_of(heard(case.source)) == pytest.approx(PITCH, abs=5)


def test_it_hears_again_after_being_closed(case: Case) -> None:
    case.source.open()
    case.source.close()
    case.source.close()
    case.source.open()
    case.sounding()
    assert pitch_of(heard(case.source)) == pytest.approx(PITCH, abs=5)


def test_frames_belong_to_the_reader(case: Case) -> None:
    case.source.open()
    case.sounding()
    frame = case.source.read()
    assert frame is not None
    frame.fill(0)


def test_closing_ends_a_read_of_another_thread(case: Case) -> None:
    case.source.open()
    started, outcomes = threading.Event(), []

    def read() -> None:
        try:
            while case.source.read() is not None:
                started.set()
                if len(outcomes) > 1000:
                    return
            outcomes.append("ended")
        except DeviceError:
            outcomes.append("refused")

    thread = threading.Thread(target=read)
    thread.start()
    case.source.close()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert outcomes in (["ended"], ["refused"])


def test_what_cannot_be_opened_says_so_in_one_line(case: Case) -> None:
    if case.unusable is None:
        pytest.skip("can always be opened")
    with pytest.raises(DeviceError) as error:
        case.unusable.open()
    assert error.value.hint
    assert "\n" not in str(error.value)


def test_it_has_a_name(case: Case) -> None:
    assert case.source.name
