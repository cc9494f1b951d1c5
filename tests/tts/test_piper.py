"""What only the real voice can show."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError
from assistant.tts.piper_engine import PiperEngine
from assistant.tts.voices import bundled_voice, find_voice


@pytest.fixture(scope="module")
def voice() -> PiperEngine:
    engine = PiperEngine(bundled_voice())
    engine.start()
    return engine


def test_the_sound_is_a_voice_not_noise_and_not_a_tone(voice: PiperEngine) -> None:
    sound = np.concatenate(list(voice.speak("It is five minutes past seven."))).astype(np.float64)
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / voice.rate)
    share = {
        name: power[(frequency >= low) & (frequency < high)].sum() / power.sum()
        for name, low, high in (("rumble", 0, 60), ("voice", 60, 4000), ("hiss", 8000, 12000))
    }
    assert share["voice"] > 0.8
    assert share["rumble"] < 0.05
    assert share["hiss"] < 0.1
    frames = sound[: len(sound) // 400 * 400].reshape(-1, 400)
    loudness = np.sqrt((frames**2).mean(axis=1))
    assert np.percentile(loudness, 90) > 5 * np.percentile(loudness, 10), "speech has pauses and syllables"


def test_speed_is_honoured() -> None:
    def seconds(speed: float) -> float:
        engine = PiperEngine(bundled_voice(), speed=speed)
        engine.start()
        return sum(len(piece) for piece in engine.speak("This is a somewhat longer sentence.")) / engine.rate

    assert 1.5 < seconds(1.0) / seconds(2.0) < 2.5


def test_without_variation_a_sentence_always_sounds_the_same() -> None:
    engine = PiperEngine(bundled_voice(), variation=0.0)
    engine.start()
    first, second = ([*engine.speak("Good morning.")] for _ in range(2))
    assert np.array_equal(first, second)


def test_nothing_that_is_said_reaches_the_log(voice: PiperEngine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert not logging.getLogger("piper.phoneme_ids").isEnabledFor(logging.WARNING)
    assert list(voice.speak("The canary sings in Привет 日本."))
    assert "canary" not in caplog.text
    assert "日" not in caplog.text


def test_the_bundled_voice_is_found_without_its_package_being_imported() -> None:
    assert find_voice("", Path("/nowhere")) == bundled_voice()
    assert bundled_voice().name == "en_US-joe-medium.onnx"


def test_a_voice_is_found_by_name_or_by_path(tmp_path: Path) -> None:
    folder = tmp_path / "de_DE-thorsten-medium"
    folder.mkdir()
    file = folder / "de_DE-thorsten-medium.onnx"
    file.write_bytes(b"")
    file.with_name(file.name + ".json").write_text("{}")
    assert find_voice("de_DE-thorsten-medium", tmp_path) == file
    assert find_voice(str(file), tmp_path) == file
    with pytest.raises(ModelError, match=r"no voice 'de_DE-torsten-medium'.*Did you mean de_DE-thorsten-medium\?"):
        find_voice("de_DE-torsten-medium", tmp_path)
    with pytest.raises(ModelError, match="assistant models install fr_FR-siwis-medium"):
        find_voice("fr_FR-siwis-medium", tmp_path)
    with pytest.raises(ModelError, match=r"/no/where\.onnx does not exist"):
        find_voice("/no/where.onnx", tmp_path)
    file.with_name(file.name + ".json").unlink()
    with pytest.raises(ModelError, match=r"medium\.onnx\.json does not exist"):
        find_voice("de_DE-thorsten-medium", tmp_path)


def write_voice(folder: Path, about: object) -> PiperEngine:
    (folder / "v.onnx").write_bytes(b"not a network")
    (folder / "v.onnx.json").write_text(json.dumps(about))
    return PiperEngine(folder / "v.onnx")


def test_a_damaged_voice_is_one_clear_line(tmp_path: Path) -> None:
    about = json.loads(bundled_voice().with_name(bundled_voice().name + ".json").read_text())
    with pytest.raises(ModelError, match=r"v\.onnx: the voice cannot be loaded"):
        write_voice(tmp_path, about).start()
    with pytest.raises(ModelError, match=r"v\.onnx\.json: the voice's description cannot be read"):
        write_voice(tmp_path, {"audio": {}}).start()


def test_a_voice_that_would_fetch_more_from_the_network_is_refused(tmp_path: Path) -> None:
    about = json.loads(bundled_voice().with_name(bundled_voice().name + ".json").read_text())
    with pytest.raises(ModelError, match="pinyin phonemes are not supported"):
        write_voice(tmp_path, {**about, "phoneme_type": "pinyin"}).start()
