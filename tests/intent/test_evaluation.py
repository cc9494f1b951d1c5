"""Slots and intents that were learned from labelled sentences are found again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.cli.main import main
from assistant.intent.evaluation import F1, Remembered, Report, evaluate, folds, together
from assistant.intent.labelled import Labelled, parse
from assistant.intent.tagger import Tagger


def sentences(rooms: list[str], times: list[str]) -> list[Labelled]:
    return [
        *(
            parse(f"{verb} the light in the [room : {room}]", "light")
            for room in rooms
            for verb in ("dim", "switch on")
        ),
        *(parse(f"{start} at [time : {time}]", "alarm") for time in times for start in ("wake me", "set an alarm")),
    ]


def test_values_that_were_never_heard_are_found_by_what_stands_around_them() -> None:
    train = sentences(["hall", "kitchen", "living room", "attic"], ["nine", "half past ten", "noon", "six pm"])
    test = sentences(["guest room", "cellar"], ["quarter to eight", "dawn"])
    report = evaluate(train, test)
    assert (report.sentences, report.intents, report.right) == (8, 2, 8)
    assert report.slots.score >= 0.75 and report.whole >= 6
    assert report.confused == ()


def test_the_intent_helps_to_tell_slots_apart() -> None:
    said = [(f"play {each}", intent) for each in ("one", "two", "three", "red") for intent in ("song", "game")]
    train = [parse(f"play [{intent} : {text[5:]}]", intent) for text, intent in said]
    tagger = Tagger(train)
    assert tagger.tag(("play", "four"), "song") == ("O", "B-song")
    assert tagger.tag(("play", "four"), "game") == ("O", "B-game")
    assert tagger.tag((), "game") == ()


class Kinds:
    """Encodes a word by its kind: a colour, an animal or another."""

    def __init__(self) -> None:
        self.encoded = 0

    def words(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.float32]]:
        self.encoded += len(sentences)
        kinds = ({"red", "green", "mauve"}, {"dog", "cat", "okapi"})
        rows = [[[float(word in kind) for kind in kinds] for word in words] for words in sentences]
        return [np.array(each, dtype=np.float32).reshape(-1, 2) for each in rows]

    def vectors(self, sentences: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        return np.array([each.sum(axis=0) for each in self.words(sentences)])


def test_a_word_that_was_never_heard_is_taken_for_what_it_means() -> None:
    train = [
        *(parse(f"show [colour : {each}]", "show") for each in ("red", "green")),
        *(parse(f"show [animal : {each}]", "show") for each in ("dog", "cat")),
    ]
    tagger = Tagger(train, Kinds())
    assert tagger.tag(("show", "mauve"), "show") == ("O", "B-colour")
    assert tagger.tag(("show", "okapi"), "show") == ("O", "B-animal")
    assert tagger.tag((), "show") == ()
    test = [parse("show [colour : mauve]", "show"), parse("show [animal : okapi]", "show")]
    assert evaluate(train, test, Kinds()).slots.score == 1.0


def test_an_encoder_that_is_remembered_works_once_and_gives_the_same() -> None:
    encoder, plain = Kinds(), Kinds()
    once = Remembered(encoder)
    for said in ([("red", "dog"), ("cat",)], [("cat",), ("red", "dog"), ("cat",)]):
        for found, wanted in zip(once.words(said), plain.words(said), strict=True):
            assert np.array_equal(found, wanted)
    assert encoder.encoded == 2
    assert np.array_equal(once.vectors([("cat",), ("cat",)]), plain.vectors([("cat",), ("cat",)]))


def test_f1_is_the_harmonic_mean() -> None:
    score = F1(found=4, wanted=8, right=3)
    assert score.score == pytest.approx(2 * 0.75 * 0.375 / (0.75 + 0.375))
    assert F1(0, 0, 0).score == 0.0


def test_macro_f1_weighs_each_intent_alike() -> None:
    pairs = Counter({("often", "often"): 8, ("often", "seldom"): 2, ("seldom", "seldom"): 2})
    nothing = F1(0, 0, 0)
    report = Report(1, 12, 2, nothing, nothing, 0, pairs, 0.0, 0.0, 0)
    assert report.accuracy == pytest.approx(10 / 12)
    assert report.macro == pytest.approx((2 * 8 / 18 + 2 * 2 / 6) / 2)
    assert report.confused == (("often", "seldom", 2),)
    twice = together([report, report])
    assert (twice.sentences, twice.right) == (24, 20) and twice.macro == pytest.approx(report.macro)


def test_each_sentence_is_tried_once_and_never_by_what_it_taught() -> None:
    said = [parse(f"say {number % 7}", f"intent{number % 3}") for number in range(42)]
    tried = []
    for train, test in folds(said, 4):
        assert not {(each.intent, each.words) for each in train} & {(each.intent, each.words) for each in test}
        assert {each.intent for each in test} == {each.intent for each in said}
        tried += test
    assert sorted(map(str, tried)) == sorted(map(str, said))


LINES = ["dim the [room : hall]\tlight", "dim the [room : attic]\tlight", "wake me at [time : nine]\talarm"]


def run(tmp_path: Path, *arguments: str) -> int:
    (tmp_path / "some.tsv").write_text("\n".join(LINES), encoding="utf-8")
    return main(["intent", "eval", str(tmp_path / "some.tsv"), *arguments])


def test_the_command_prints_the_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, str(tmp_path / "some.tsv"), "--confusion") == 0
    said = capsys.readouterr().out
    assert "3 sentences of 2 intents learned, 3 tried" in said
    assert "intent accuracy   1.000" in said and "intent F1, macro  1.000" in said
    assert "slot F1, exact    1.000" in said and "MB of weights" in said
    assert "intent\talarm\tlight\nalarm\t1\t0\nlight\t0\t2" in said


def test_the_command_tries_folds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--folds", "3") == 0
    said = capsys.readouterr().out
    assert "fold  3" in said and "2 sentences of" in said and "3 tried" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no sentences to try"),
        (("--folds", "1"), "1 folds"),
        (("--folds", "9"), "9 folds"),
        (("none.tsv",), "none.tsv"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert run(tmp_path, *arguments) == 1
    said = capsys.readouterr().err
    assert message in said and len(said.strip().splitlines()) == 1
