"""What is particular to Moonshine: it must not invent words, must not keep sound, and must say what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frame import RATE
from assistant.errors import EngineError, ModelError
from assistant.stt import guard
from assistant.stt.buffer import UtteranceBuffer
from assistant.stt.moonshine_engine import MoonshineEngine


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"encoder_model.ort .* missing") as caught:
        MoonshineEngine(model=str(tmp_path)).start()
    assert str(tmp_path) in str(caught.value)


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    for name in ("encoder_model.ort", "decoder_model_merged.ort"):
        (tmp_path / name).write_bytes(b"not a model")
    (tmp_path / "tokenizer.bin").write_bytes(b"\x01a" * 300)
    with pytest.raises(ModelError, match="not a usable Moonshine model"):
        MoonshineEngine(model=str(tmp_path)).start()


def test_it_must_be_started() -> None:
    with pytest.raises(EngineError, match="not started"):
        MoonshineEngine().finish()


def test_the_buffer_is_bounded_and_overwritten() -> None:
    buffer = UtteranceBuffer(1.0)
    for _ in range(3):
        buffer.append(np.full(RATE // 2, 7, np.int16))
    whole = buffer.view()
    assert len(buffer) == RATE
    assert whole.all()
    buffer.clear()
    assert len(buffer) == 0
    assert not whole.any()


@given(st.lists(st.integers(0, 9), max_size=20), st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_a_phrase_said_four_times_is_a_loop(before: list[int], phrase: list[int]) -> None:
    assert guard.loops(before + phrase * 4)


def test_numbers_read_out_are_no_loop() -> None:
    assert not guard.loops([5, 5, 5, 6, 5, 5, 5])


@pytest.mark.parametrize(
    ("text", "logp", "dynamics", "invented"),
    [
        ("Thank you.", -0.2, 6.0, True),
        ("Thank you.", -0.2, 30.0, False),
        ("♪♪♪", -0.1, 30.0, True),
        ("I'm going to the hospital.", -1.6, 30.0, True),
        ("Stop the timer.", -0.4, 8.0, False),
        ("Stop the timer.", -0.4, 1.0, True),
    ],
)
def test_invented_words_are_told_from_heard_ones(text: str, logp: float, dynamics: float, invented: bool) -> None:
    assert guard.is_invented(text, logp, dynamics) is invented
