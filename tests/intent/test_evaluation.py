"""Slots and intents that were learned from labelled sentences are found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.cli.main import main
from assistant.intent.evaluation import F1, evaluate
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


def test_f1_is_the_harmonic_mean() -> None:
    score = F1(found=4, wanted=8, right=3)
    assert score.score == pytest.approx(2 * 0.75 * 0.375 / (0.75 + 0.375))
    assert F1(0, 0, 0).score == 0.0


def test_the_command_prints_the_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["dim the [room : hall]\tlight", "dim the [room : attic]\tlight", "wake me at [time : nine]\talarm"]
    (tmp_path / "some.tsv").write_text("\n".join(lines), encoding="utf-8")
    assert main(["intent", "eval", str(tmp_path / "some.tsv"), str(tmp_path / "some.tsv")]) == 0
    said = capsys.readouterr().out
    assert "3 sentences of 2 intents learned, 3 tried" in said
    assert "intent accuracy  1.000" in said and "slot F1, exact    1.000" in said
