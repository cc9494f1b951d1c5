"""What is particular to Vosk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.audio.frame import FRAME_SAMPLES
from assistant.errors import EngineError, ModelError
from assistant.grammar.folder import read_sentences
from assistant.grammar.sentences import SkillSentences
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


def test_a_phrase_list_keeps_it_to_the_phrases(korean: Speak, korean_model: str) -> None:
    engine = VoskEngine(model=korean_model, language="ko", phrases=("음악", "날씨", "취소", "감사합니다"))
    engine.start()
    for word in ("음악", "날씨", "취소"):
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


@pytest.fixture(scope="module")
def house(korean_model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VoskEngine]:
    """An engine that has learned a small Korean skill."""
    skill = tmp_path_factory.mktemp("house")
    locale = skill / "locale" / "ko"
    locale.mkdir(parents=True)
    (locale / "weather.intent").write_text("{day} 날씨\n{day} 온도\n", encoding="utf-8")
    (locale / "music.intent").write_text("음악\n음악 취소\n", encoding="utf-8")
    (locale / "day.entity").write_text("오늘\n내일\n이번 주\n", encoding="utf-8")
    engine = VoskEngine(model=korean_model, language="ko")
    engine.start()
    engine.learn([read_sentences("house", skill, "ko")])
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("said", "intent", "slots"),
    [
        ("오늘 날씨", "house.weather", {"day": "오늘"}),
        ("음악", "house.music", {}),
    ],
)
def test_intent_and_slots_come_from_the_path(
    korean: Speak, house: VoskEngine, said: str, intent: str, slots: dict[str, str]
) -> None:
    house.begin()
    house.accept(korean(said))
    heard = house.finish()
    assert heard.text == said
    assert heard.meaning is not None
    assert heard.meaning.intent == intent
    assert {slot.name: slot.words for slot in heard.meaning.slots} == slots


def test_words_for_no_skill_stay_free_text(korean: Speak, house: VoskEngine) -> None:
    house.begin()
    house.accept(korean("감사합니다"))
    heard = house.finish()
    assert heard.meaning is None
    assert heard.text


def test_words_that_the_model_does_not_know_are_one_line(korean_model: str, caplog: pytest.LogCaptureFixture) -> None:
    engine = VoskEngine(model=korean_model, language="ko")
    engine.start()
    lines = tuple(f"음악 espresso{letter}" for letter in "abcdefghijklmnopqrst")
    engine.learn([SkillSentences(skill="cafe", language="ko", intents={"order": lines}, entities={})])
    assert [record.message.count("espresso") for record in caplog.records] == [8]
    assert "cafe: the Vosk model does not know 20 words" in caplog.text
    engine.close()
