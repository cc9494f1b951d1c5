"""Labelled sentences are read as they are written, and slots and intents learned from them are found again."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.cli.main import main
from assistant.errors import ConfigError
from assistant.intent.evaluation import F1, evaluate
from assistant.intent.labelled import Labelled, parse, read_labelled, spans
from assistant.intent.tagger import Tagger

_TAGS = st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"])


def test_slots_in_brackets_become_tags() -> None:
    found = parse("wake me at [time : Nine AM] on [date:friday]!", "alarm_set")
    assert found == Labelled(
        ("wake", "me", "at", "nine", "am", "on", "friday"),
        ("O", "O", "O", "B-time", "I-time", "O", "B-date"),
        "alarm_set",
    )
    assert spans(found.tags) == {(3, 5, "time"), (6, 7, "date")}


def test_two_slots_side_by_side_stay_two() -> None:
    assert spans(("B-a", "B-a", "I-a", "O", "B-b")) == {(0, 1, "a"), (1, 3, "a"), (4, 5, "b")}


@given(st.lists(_TAGS, max_size=12))
def test_slots_never_overlap_whatever_the_tags(tags: list[str]) -> None:
    found = sorted(spans(tuple(tags)))
    assert all(one[1] <= two[0] for one, two in pairwise(found))
    assert all(0 <= start < end <= len(tags) for start, end, _ in found)


def test_a_file_and_a_folder_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "all.tsv").write_text("dim the [room : hall]\tlight.dim\n\nlouder\tvolume.up\n", encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "light.dim.txt").write_text("dim the [room : hall]\n", encoding="utf-8")
    (folder / "volume.up.txt").write_text("louder\n", encoding="utf-8")
    assert read_labelled(tmp_path / "all.tsv") == read_labelled(folder)


@pytest.mark.parametrize(("text", "message"), [("no tab here", "bad.tsv:1"), ("", "no labelled sentence")])
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_labelled(tmp_path / "bad.tsv")


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
