"""What is particular to padatious: where it trains, what it keeps, and that it is silent."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from assistant.errors import EngineError
from assistant.intent.engine import SkillSentences
from assistant.intent.padatious_engine import PadatiousEngine
from tests.intent.conftest import NOW, everything, house, out_of_scope
from tests.intent.test_engine_contract import BELL, LAMP


def make(folder: Path, seconds: float = 60.0) -> PadatiousEngine:
    engine = PadatiousEngine(folder, seconds)
    engine.start()
    return engine


def trained(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_same_sentences_are_trained_once(tmp_path: Path) -> None:
    make(tmp_path).learn([BELL, LAMP])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    engine = make(tmp_path)
    engine.learn([LAMP, BELL])
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert engine.match("switch the lamp off", "en", NOW)


def test_a_change_trains_all_anew_and_the_old_networks_go(tmp_path: Path) -> None:
    engine = make(tmp_path)
    engine.learn([BELL])
    before = trained(tmp_path)
    engine.learn([BELL, LAMP])
    assert len(trained(tmp_path)) == 1 and trained(tmp_path) != before


def test_nothing_that_was_asked_is_on_disk(tmp_path: Path) -> None:
    engine = make(tmp_path)
    engine.learn([BELL])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    engine.match("keep the bell xylophone silent today", "en", NOW)
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before
    assert not any(b"xylophone" in content for content in after.values())


def test_training_ends_at_its_deadline_and_the_old_networks_still_answer(tmp_path: Path) -> None:
    engine = make(tmp_path)
    engine.learn([BELL])
    engine._workshop._seconds = 0.01
    with pytest.raises(EngineError, match=r"within 0.01 s.*|did not end"):
        engine.learn([BELL, LAMP])
    assert engine.match("silence the bell now", "en", NOW)
    assert not any(name.startswith("training-") for name in trained(tmp_path))


def test_closing_ends_a_training_that_runs(tmp_path: Path) -> None:
    engine = make(tmp_path)
    errors: list[str] = []

    def learn() -> None:
        try:
            engine.learn(everything())
        except EngineError as error:
            errors.append(error.problem)

    thread = threading.Thread(target=learn)
    thread.start()
    while engine._workshop._process is None:
        assert thread.is_alive()
    process = engine._workshop._process
    engine.close()
    thread.join(20)
    assert errors == ["training was stopped"]
    assert process.poll() is not None


def test_damaged_networks_are_trained_anew(tmp_path: Path) -> None:
    make(tmp_path).learn([BELL])
    for path in tmp_path.rglob("*.net"):
        path.write_bytes(b"rubbish")
    engine = make(tmp_path)
    engine.learn([BELL])
    assert engine.match("silence the bell now", "en", NOW)


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be made"):
        make(tmp_path / "file" / "cache")


def test_it_never_reaches_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = SkillSentences(skill="odd", language="en", intents={"a": ("x",), "b": ("x",)}, entities={})
    engine = make(tmp_path)
    engine.learn([BELL, broken])
    engine.match("silence the bell now", "en", NOW)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_with_a_house_of_skills_hardly_anything_out_of_scope_is_acted_on(tmp_path: Path) -> None:
    """Its training is random: of sentences near to a skill ("who put the milk on the list") one may slip through."""
    engine = make(tmp_path, 300.0)
    engine.learn(house())
    foreign = out_of_scope()
    wrong = {text: found[0].intent for text in foreign if (found := engine.match(text, "en", NOW))}
    assert len(wrong) <= len(foreign) // 100, wrong
    understood = [
        ("pause the song", "media.pause"),
        ("silence the radio", None),
        ("set the volume to ten percent", "volume.set"),
        ("turn on the kitchen light", "lights.on"),
        ("what's on my shopping list", "list.read"),
    ]
    for text, intent in understood:
        found = engine.match(text, "en", NOW)
        assert not found or found[0].intent == intent
