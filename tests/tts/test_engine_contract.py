"""What every voice promises, held by the fake and by the real one."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.testing.tts import FakeTtsEngine
from assistant.tts.engine import TtsEngine
from assistant.tts.piper_engine import PiperEngine
from assistant.tts.voices import bundled_voice


@pytest.fixture(params=["fake", "real"], scope="module")
def engine(request: pytest.FixtureRequest) -> TtsEngine:
    voice: TtsEngine = FakeTtsEngine() if request.param == "fake" else PiperEngine(bundled_voice())
    voice.start()
    return voice


def test_it_knows_its_rate_and_language(engine: TtsEngine) -> None:
    assert engine.rate in (16_000, 22_050)
    assert engine.language == "en-US"


def test_a_sentence_becomes_sound_of_a_sensible_length(engine: TtsEngine) -> None:
    pieces = list(engine.speak("It is five minutes past seven."))
    sound = np.concatenate(pieces)
    assert all(piece.dtype == np.int16 and piece.ndim == 1 for piece in pieces)
    assert 0.2 < len(sound) / engine.rate < 4
    assert 3_000 < np.max(np.abs(sound)) < 32_767


def test_more_words_take_longer(engine: TtsEngine) -> None:
    def seconds(text: str) -> float:
        return sum(len(piece) for piece in engine.speak(text)) / engine.rate

    assert seconds("Good morning, everybody, and welcome to this house.") > 1.5 * seconds("Good morning.")


@pytest.mark.parametrize("text", ["", "   ", "...", "?!"])
def test_no_words_are_no_sound(engine: TtsEngine, text: str) -> None:
    assert sum(len(piece) for piece in engine.speak(text)) == 0


@pytest.mark.parametrize("text", ["Ünïcödé 日本", "[[ raw ]] text", "a\0b", "\N{PILE OF POO} x", "<b>hi</b>", "1" * 40])
def test_strange_text_is_no_error(engine: TtsEngine, text: str) -> None:
    assert sum(len(piece) for piece in engine.speak(text)) > 0


def test_closing_twice_is_fine() -> None:
    for voice in (FakeTtsEngine(), PiperEngine(bundled_voice())):
        voice.close()
        voice.close()
