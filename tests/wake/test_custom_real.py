"""A word trained from the real voices and models, heard through the cascade as it is used."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.frame import RATE, Samples
from assistant.build import Builder
from assistant.cli import context
from assistant.cli.wake import detections
from assistant.cli.wake_train import learn_word


@pytest.mark.slow
def test_a_word_trained_from_voices_alone_is_heard_and_ordinary_speech_is_not(
    speak: Callable[[str], Samples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = context.make(argparse.Namespace(config=None, set=[]))
    builder = Builder(made.config, made.paths, made.clock)
    word = learn_word(made, builder, "computer", 240)[0]
    assert word.score.missed_confirmed is not None
    engine = builder.detector([word])
    engine.start()
    quiet = np.zeros(RATE, np.int16)
    found = list(detections(engine, np.concatenate([quiet, speak("computer"), quiet])))
    assert [each.word for _, each in found] == ["computer"]
    for text in ("what time is it", "set a timer for ten minutes", "turn on the kitchen light"):
        assert not list(detections(engine, np.concatenate([quiet, speak(text), quiet])))
    engine.close()
