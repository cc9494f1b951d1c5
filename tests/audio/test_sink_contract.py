"""Every sink keeps the promises of assistant.audio.sink, whether it is a fake, a file or a speaker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.file_device import FileSink, read_speech
from assistant.audio.frame import Samples
from assistant.audio.pyaudio_device import PortAudio
from assistant.audio.pyaudio_streams import PyAudioSink
from assistant.audio.queue_device import NullSink
from assistant.audio.resample import resample
from assistant.audio.sink import Sink
from assistant.errors import DeviceError
from assistant.testing.audio import FakeSink
from tests.audio.sounds import pitch_of, seconds_of_sound, tone

VOICE = 22_050


@dataclass
class Case:
    """A sink, a way to hear at 16 kHz what it has played since the last time, and one that cannot be opened."""

    sink: Sink
    heard: Callable[[], Samples] | None
    unusable: Sink | None


@contextmanager
def fake(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    sink, broken = FakeSink(), FakeSink()
    broken.unplug()
    yield Case(sink, lambda: resample(np.concatenate(sink.heard[-1]), sink.rates[-1], 16_000), broken)


@contextmanager
def nobody(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    yield Case(NullSink(), None, None)


@contextmanager
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    sink = FileSink(tmp_path / "said")
    taken: list[Path] = []

    def newest() -> Samples:
        taken.append(sorted((tmp_path / "said").iterdir())[len(taken)])
        return read_speech(taken[-1])

    (tmp_path / "blocked").write_text("")
    yield Case(sink, newest, FileSink(tmp_path / "blocked" / "said"))


@contextmanager
def single_file(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    sink = FileSink(tmp_path / "said.wav")
    (tmp_path / "blocked").write_text("")
    yield Case(sink, None, FileSink(tmp_path / "blocked" / "said.wav"))
    sink.finish()


@contextmanager
def speaker(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    pulse = request.getfixturevalue("pulse")
    audio, path, recording = PortAudio(), tmp_path / "heard.wav", ExitStack()
    sink = PyAudioSink(audio)

    def heard() -> Samples:
        recording.close()
        sound = read_speech(path)
        recording.enter_context(pulse.record_speaker(path))
        return sound

    with recording:
        recording.enter_context(pulse.record_speaker(path))
        yield Case(sink, heard, PyAudioSink(audio, "nope"))
        sink.close()
        audio.shut()


@pytest.fixture(params=[fake, nobody, folder, single_file, speaker])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with request.param(tmp_path, request) as made:
        yield made
        made.sink.close()


@pytest.mark.parametrize("pieces", [1, 7])
def test_all_of_it_is_heard_before_drain_returns(case: Case, pieces: int) -> None:
    case.sink.open(VOICE)
    for piece in np.array_split(tone(600, 0.7, VOICE), pieces):
        case.sink.write(piece)
    case.sink.drain()
    case.sink.close()
    if case.heard is not None:
        sound = case.heard()
        assert pitch_of(sound) == pytest.approx(600, abs=5)
        assert 0.68 < seconds_of_sound(sound) < 0.85  # a busy machine may stutter, not lose


def test_it_plays_again_at_another_rate(case: Case) -> None:
    for rate in (VOICE, 16_000):
        case.sink.open(rate)
        case.sink.write(tone(600, 0.5, rate))
        case.sink.drain()
        case.sink.close()
        case.sink.close()
        if case.heard is not None:
            assert pitch_of(case.heard()) == pytest.approx(600, abs=5)


def test_abort_ends_a_write_of_another_thread(case: Case) -> None:
    case.sink.open(VOICE)
    begun = threading.Event()

    def write_on() -> None:
        for _ in range(50):
            case.sink.write(tone(600, 0.5, VOICE))
            begun.set()
        case.sink.drain()

    thread = threading.Thread(target=write_on)
    thread.start()
    begun.wait(timeout=5)
    case.sink.abort()
    thread.join(timeout=5)
    assert not thread.is_alive()
    case.sink.close()


def test_what_is_written_after_abort_is_ignored_until_it_is_opened(case: Case) -> None:
    case.sink.open(VOICE)
    case.sink.abort()
    case.sink.write(tone(600, 0.2, VOICE))
    case.sink.drain()
    case.sink.open(VOICE)
    case.sink.write(tone(900, 0.5, VOICE))
    case.sink.drain()
    case.sink.close()
    if case.heard is not None:
        assert pitch_of(case.heard()) == pytest.approx(900, abs=5)


def test_what_cannot_be_opened_says_so_in_one_line(case: Case) -> None:
    if case.unusable is None:
        pytest.skip("can always be opened")
    with pytest.raises(DeviceError) as error:
        case.unusable.open(VOICE)
    assert error.value.hint
    assert "\n" not in str(error.value)


def test_one_file_takes_utterances_of_any_rate(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "all.wav")
    for rate in (VOICE, 16_000, VOICE):
        sink.open(rate)
        sink.write(tone(600, 0.5, rate))
        sink.drain()
        sink.close()
    sink.finish()
    sound = read_speech(tmp_path / "all.wav")
    assert len(sound) / 16_000 == pytest.approx(1.5, abs=0.01)
    assert pitch_of(sound) == pytest.approx(600, abs=5)


def test_a_folder_that_cannot_be_made_is_a_device_error(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("")
    with pytest.raises(DeviceError, match="cannot be written"):
        FileSink(tmp_path / "in-the-way" / "x").open(VOICE)
