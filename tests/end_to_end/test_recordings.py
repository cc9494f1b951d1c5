"""Real voices, where recordings of them lie beside the project. None of them is part of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.end_to_end.running import Home

pytestmark = pytest.mark.slow

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    if not RECORDINGS.is_dir():
        pytest.skip("there are no recordings of real voices beside the project")
    return Home(tmp_path_factory.mktemp("home"))


def test_a_spoken_wake_word_is_heard(home: Home, tmp_path: Path) -> None:
    files = []
    for clip in sorted((RECORDINGS / "wake" / "alexa").glob("*.flac"))[::5]:
        samples, rate = soundfile.read(clip)
        padded = tmp_path / f"{clip.stem}.wav"
        soundfile.write(padded, np.pad(samples, rate), rate)
        files.append(str(padded))
    done = home.call("--set", "wake.words=[alexa]", "hear", "--json", *files)
    heard = [bool(json.loads(line)["wake"]) for line in done.stdout.splitlines()]
    assert len(heard) == len(files)
    assert heard.count(False) <= 1, "of every fifth recording; scripts/bench hearing tries them all"


def test_spoken_commands_come_out_as_their_words(home: Home) -> None:
    """Free recognition, no grammar: most words that matter are there."""
    labels = json.loads((RECORDINGS / "commands" / "labels.json").read_text())
    names = sorted(labels)[::20]
    done = home.call("hear", "--no-wake", "--json", *[str(RECORDINGS / "commands" / name) for name in names])
    wanted = found = 0
    for name, line in zip(names, done.stdout.splitlines(), strict=True):
        transcript = set(_words(json.loads(line)["transcript"] or ""))
        words = [word for slot in labels[name]["slots"].values() for word in _words(slot)]
        wanted += len(words)
        found += sum(word in transcript for word in words)
    assert found / wanted > 0.6


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower().replace("-", " "))
