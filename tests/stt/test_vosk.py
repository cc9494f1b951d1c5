"""What is particular to Vosk."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.audio.frame import FRAME_SAMPLES
from assistant.errors import EngineError, ModelError
from assistant.stt.vosk_engine import VoskEngine

from .conftest import Speak


@pytest.mark.parametrize("folder", ["", "/nowhere/vosk"])
def test_a_missing_model_names_the_command_that_fetches_one(folder: str) -> None:
    with pytest.raises(ModelError, match=r"assistant models install vosk-model-small-en-us-0\.15"):
        VoskEngine(model=folder).start()


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a Vosk model"):
        VoskEngine(model=str(tmp_path)).start()


def test_a_damaged_model_is_one_clear_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="damaged"):
        VoskEngine(model=str(tmp_path)).start()


def test_words_come_while_they_are_spoken(korean: Speak, korean_model: str, capfd: pytest.CaptureFixture[str]) -> None:
    engine = VoskEngine(model=korean_model, language="ko", phrases=("오늘 날씨", "음악"))
    engine.start()
    engine.begin()
    sound = korean("오늘 날씨")
    partials = [engine.accept(sound[at : at + FRAME_SAMPLES]) for at in range(0, len(sound), FRAME_SAMPLES)]
    assert any(partials)
    assert "날씨" in engine.finish().text
    engine.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("word", ["음악", "날씨", "취소"])
def test_a_phrase_list_keeps_it_to_the_phrases(korean: Speak, korean_model: str, word: str) -> None:
    engine = VoskEngine(model=korean_model, language="ko", phrases=("음악", "날씨", "취소", "감사합니다"))
    engine.start()
    engine.begin()
    engine.accept(korean(word))
    assert engine.finish().text == word
    engine.close()


def test_a_phrase_with_an_unknown_word_is_refused(korean_model: str) -> None:
    with pytest.raises(ModelError, match="does not know the word 'espresso'"):
        VoskEngine(model=korean_model, language="ko", phrases=("음악 espresso",)).start()


def test_an_utterance_has_to_begin(korean_model: str) -> None:
    with pytest.raises(EngineError, match="no utterance"):
        VoskEngine(model=korean_model).finish()
