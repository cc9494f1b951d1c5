from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.audio.file_device import FileSource, read_speech
from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.audio.queue_device import QueueSource
from assistant.errors import DeviceError
from tests.audio.sounds import pitch_of, tone, write


def frames_of(source: FileSource) -> list[Samples]:
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize(("kind", "channels"), [("wav", 1), ("flac", 2)])
def test_any_rate_and_channels_become_16_khz_mono(tmp_path: Path, rate: int, kind: str, channels: int) -> None:
    path = write(tmp_path / f"a.{kind}", tone(700, 1.5, rate), rate, channels=channels)
    sound = read_speech(path)
    assert len(sound) == pytest.approx(1.5 * RATE, abs=2)
    assert pitch_of(sound) == pytest.approx(700, abs=2)
    assert np.abs(sound).max() == pytest.approx(0.4 * 32767, rel=0.05)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "FLOAT", "ULAW"])
def test_any_sample_format_is_read(tmp_path: Path, subtype: str) -> None:
    assert pitch_of(read_speech(write(tmp_path / "a.wav", tone(700, 1), subtype=subtype))) == pytest.approx(700, abs=2)


def test_too_loud_and_not_a_number_are_clipped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([2.0, -3.0, np.nan, np.inf, 0.5] * 100), RATE, subtype="FLOAT")
    assert read_speech(tmp_path / "a.wav")[:5].tolist() == [32767, -32768, 0, 32767, 16384]


def test_silence_is_put_around_a_recording(tmp_path: Path) -> None:
    source = FileSource(write(tmp_path / "a.wav", tone(700, 0.5)), lead=1.5, tail=0.25)
    sound = np.concatenate(frames_of(source))
    assert len(sound) == 29 * FRAME_SAMPLES  # 2.25 s, filled up to whole frames
    assert not sound[: round(1.5 * RATE)].any()
    assert sound[round(1.5 * RATE) : 2 * RATE].any()
    assert not sound[2 * RATE + 1 :].any()


def test_a_recording_can_be_heard_again(tmp_path: Path) -> None:
    source = FileSource(write(tmp_path / "a.wav", tone(700, 0.5)))
    assert len(frames_of(source)) == len(frames_of(source)) == 7


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _scramble(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(each ^ 0x55 for each in content[middle : middle + 400]) + content[middle + 400 :]


@pytest.mark.parametrize(("kind", "harm"), [("flac", _cut), ("flac", _scramble), ("wav", _cut)])
def test_a_damaged_file_gives_what_it_can_then_says_so_once(
    tmp_path: Path, kind: str, harm: Callable[[bytes], bytes]
) -> None:
    path = write(tmp_path / f"a.{kind}", tone(700, 3))
    path.write_bytes(harm(path.read_bytes()))
    source, sound = FileSource(path), []
    source.open()
    with pytest.raises(DeviceError, match=r"breaks off after [12]\.\d s") as error:
        while (frame := source.read()) is not None:
            sound.append(frame)
    assert "\n" not in str(error.value)
    assert pitch_of(np.concatenate(sound)[: RATE // 2]) == pytest.approx(700, abs=5)
    assert source.read() is None


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"RIFF", "not a sound file"), (b"\x00" * 4000, "not a sound file"), (None, "no such file")],
)
def test_what_is_no_sound_file_is_refused_in_one_line(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeviceError, match=says) as error:
        FileSource(path).open()
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no sound"):
        read_speech(write(tmp_path / "a.wav", np.zeros(0, dtype=np.int16)))


def test_ten_minutes_need_no_more_memory_than_ten_seconds(tmp_path: Path) -> None:
    minute = tone(700, 60, 44_100)
    with soundfile.SoundFile(tmp_path / "long.flac", "w", 44_100, 1, subtype="PCM_16") as file:
        for _ in range(10):
            file.write(minute)
    source = FileSource(tmp_path / "long.flac")
    source.open()
    source.read()
    tracemalloc.start()
    count = 1
    while source.read() is not None:
        count += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 7_500
    assert peak < 5_000_000, "a quarter of the recording; other threads of the tests count too"


def test_in_real_time_closing_ends_the_waiting(tmp_path: Path) -> None:
    source = FileSource(write(tmp_path / "a.wav", tone(700, 60)), realtime=True)
    source.open()
    assert source.read() is not None
    frames = []

    def read_all() -> None:
        while (frame := source.read()) is not None:
            frames.append(frame)

    reader = threading.Thread(target=read_all)
    reader.start()
    source.close()
    reader.join(timeout=5)
    assert not reader.is_alive()
    assert len(frames) < 100


def test_a_queue_hears_utterances_one_after_the_other_and_ends() -> None:
    source = QueueSource(realtime=False)
    source.open()
    source.push(np.full(FRAME_SAMPLES + 10, 1, dtype=np.int16))
    source.push(np.full(10, 2, dtype=np.int16))
    source.finish()
    first, second = source.read(), source.read()
    assert first is not None
    assert second is not None
    assert set(first.tolist()) == {1}
    assert second[:21].tolist() == [1] * 10 + [2] * 10 + [0]
    assert source.read() is None


def test_a_queue_in_real_time_hears_silence_between_utterances() -> None:
    source = QueueSource()
    source.open()
    frame = source.read()
    assert frame is not None
    assert not frame.any()
