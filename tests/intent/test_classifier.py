"""What is particular to the classifier: it understands what no template foresaw, and does nothing on a guess."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.errors import EngineError
from assistant.grammar.sound import read_sounds
from assistant.grammar.words import words
from assistant.intent import classifier_engine
from assistant.intent.classifier_engine import ClassifierEngine, _plan
from assistant.intent.engine import SkillSentences
from assistant.intent.examples import NONE, essence, examples, nobody_lines
from assistant.intent.kept_vectors import FILE
from assistant.intent.linear import Features, Linear
from assistant.intent.meaning import Meaning
from assistant.intent.template_engine import TemplateEngine
from assistant.intent.training import PLAN, seal
from tests.intent.conftest import DATA, NOW, TREE, everything, load, out_of_scope
from tests.intent.test_engine_contract import BELL, LAMP

MEANING = TREE / "models"


def learn_and_close(engine: ClassifierEngine, skills: list[SkillSentences]) -> None:
    engine.learn(skills)
    engine.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClassifierEngine]:
    engine = ClassifierEngine(tmp_path_factory.mktemp("classifier"), 600.0, MEANING)
    engine.start()
    engine.learn(everything())
    yield engine
    engine.close()


def make(folder: Path, seconds: float = 60.0, meaning: Path | None = None) -> ClassifierEngine:
    engine = ClassifierEngine(folder, seconds, meaning)
    engine.start()
    return engine


@pytest.mark.slow
def test_it_understands_much_that_no_template_foresaw_and_hardly_anything_wrongly(engine: ClassifierEngine) -> None:
    said = [(text, intent) for intent, texts in load(DATA / "unforeseen.yaml").items() for text in texts]
    found = {text: engine.match(text, "en", NOW) for text, _ in said}
    right = sum(bool(found[text]) and found[text][0].intent == intent for text, intent in said)
    wrong = {text: found[text][0].intent for text, intent in said if found[text] and found[text][0].intent != intent}
    assert right / len(said) >= 0.45
    assert len(wrong) / len(said) <= 0.03, wrong


@pytest.mark.slow
def test_out_of_scope_it_acts_on_3_percent_at_most(engine: ClassifierEngine) -> None:
    acts = {text: found[0].intent for text in out_of_scope() if (found := engine.match(text, "en", NOW))}
    assert len(acts) / len(out_of_scope()) <= 0.03, acts


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "don't set a timer for ten minutes",
        "get a lamp for the marble room at ten percent",
        "who set a timer for ten minutes",
        "change the lights to",
    ],
)
def test_it_does_nothing_where_words_speak_against_it_or_a_slot_is_missing(engine: ClassifierEngine, text: str) -> None:
    assert engine.match(text, "en", NOW) == []


def test_it_never_says_that_words_fit_exactly(tmp_path: Path) -> None:
    engine = make(tmp_path)
    engine.learn([LAMP, BELL])
    (match,) = engine.match("switch the lamp off", "en", NOW)
    assert 0.5 < match.confidence <= 0.9


def test_the_same_sentences_are_trained_once_and_a_change_trains_all_anew(tmp_path: Path) -> None:
    learn_and_close(make(tmp_path), [BELL, LAMP])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    engine = make(tmp_path)
    engine.learn([LAMP, BELL])
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    engine.learn([LAMP])
    assert len(list(tmp_path.iterdir())) == 1
    assert not engine.match("silence the bell now", "en", NOW)


def test_what_is_damaged_is_trained_anew_and_nothing_that_was_asked_is_kept(tmp_path: Path) -> None:
    learn_and_close(make(tmp_path), [BELL])
    for path in tmp_path.rglob("*.npz"):
        path.write_bytes(b"rubbish")
    engine = make(tmp_path)
    engine.learn([BELL])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert engine.match("silence the bell now", "en", NOW)
    engine.match("keep the bell xylophone silent today", "en", NOW)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not any(b"xylophone" in content for content in before.values())


def test_training_ends_at_its_deadline_and_what_was_learned_still_answers(tmp_path: Path) -> None:
    engine = make(tmp_path)
    engine.learn([BELL])
    engine._workshop._seconds = 0.01
    with pytest.raises(EngineError, match="did not end"):
        engine.learn([BELL, LAMP])
    assert engine.match("silence the bell now", "en", NOW)


def test_examples_for_nobody_leave_out_what_a_skill_understands() -> None:
    skill = SkillSentences(
        skill="tour", language="en", intents={"go": ("drive (home|away)", "play chess")}, entities={}
    )
    understood = TemplateEngine()
    understood.learn([skill])
    nobody = [example for example in examples("en", [skill]) if example.intent == NONE and example.line > 1000]
    assert all(not understood.match(" ".join(each.said), "en", NOW) for each in nobody)
    assert "play chess" not in {" ".join(each.said) for each in examples("en", [skill]) if each.intent == NONE}


def test_the_shipped_sentences_for_nobody_are_not_the_ones_it_is_tested_with() -> None:
    sounds = read_sounds("en")
    shipped = {each.said for each in examples("en", []) if each.intent == NONE}
    tested = {words(text) for text in out_of_scope()}
    assert len(shipped) >= 300 and len(shipped & tested) <= 3, shipped & tested
    assert sum(map(len, nobody_lines("en").values())) >= 150
    assert essence(("um", "set", "twenty", "five", "timers", "please"), sounds) == ("set", "#", "timers")


def test_linear_tells_classes_apart_and_keeps_it_in_bytes(tmp_path: Path) -> None:
    said = [("red", "apple"), ("red", "cherry"), ("green", "leaf"), ("green", "grass")] * 5
    labels = [0, 0, 1, 1] * 5
    features, vectors = Features.fit(said)
    Linear.train(vectors, labels, len(features), 2).save(tmp_path / "weights.npz")
    linear = Linear.load(tmp_path / "weights.npz")
    assert [int(linear.chances(vector).argmax()) for vector in vectors] == labels
    assert np.allclose(list(linear.chances_of(vectors)), [linear.chances(vector) for vector in vectors], atol=1e-5)
    assert float(np.linalg.norm(features.vector(("red", "apple")).values)) == pytest.approx(1.0)
    assert float(np.linalg.norm(features.vector(("red", "zebra")).values)) < 0.8
    assert linear.chances(features.vector(())).sum() == pytest.approx(1.0)


def test_with_a_sentence_encoder_it_learns_another_classifier_and_finds_it_again(tmp_path: Path) -> None:
    learn_and_close(make(tmp_path, meaning=MEANING), [LAMP, BELL])
    (first,) = tmp_path.iterdir()
    engine = make(tmp_path, meaning=MEANING)
    engine.learn([LAMP, BELL])
    assert [first] == [*tmp_path.iterdir()]
    (match,) = engine.match("switch the lamp off", "en", NOW)
    engine.close()
    assert match.intent == "lamp.off" and 0.5 < match.confidence <= 0.9
    learn_and_close(make(tmp_path), [LAMP, BELL])
    assert first not in tmp_path.iterdir()


def test_without_its_files_words_alone_decide(tmp_path: Path) -> None:
    learn_and_close(make(tmp_path / "trained"), [LAMP, BELL])
    engine = make(tmp_path / "trained", meaning=tmp_path)
    engine.learn([LAMP, BELL])
    assert len([*(tmp_path / "trained").iterdir()]) == 1, "nothing was trained again"
    assert engine.match("switch the lamp off", "en", NOW)


def test_a_changed_skill_has_only_its_own_new_sentences_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    real = Meaning.vectors

    def vectors(self: Meaning, sentences: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        asked.extend(map(tuple, sentences))
        return real(self, sentences)

    monkeypatch.setattr(Meaning, "vectors", vectors)

    def trained(name: str, skills: list[SkillSentences]) -> Path:
        asked.clear()
        folder = tmp_path / name
        folder.mkdir()
        encoder = Meaning(MEANING)
        encoder.load()
        (folder / PLAN).write_text(_plan("en", skills, encoder), encoding="utf-8")
        classifier_engine.train(folder)
        seal(folder)
        return folder

    first = trained("first", [LAMP, BELL])
    assert len(asked) > 50
    trained("again", [LAMP, BELL])
    assert asked == []
    changed = {**BELL.intents, "ring": ("jangle the xylophone",)}
    trained("changed", [LAMP, replace(BELL, intents=changed)])
    assert asked and all("xylophone" in words or "jangle" in words for words in asked)
    (first / FILE).write_bytes(b"rubbish")
    seal(first)
    last = trained("last", [LAMP])
    assert asked == []
    with np.load(last / FILE) as kept, np.load(tmp_path / "changed" / FILE) as before:
        assert len(kept["keys"]) < len(before["keys"]), "what no skill has any more is not kept"
