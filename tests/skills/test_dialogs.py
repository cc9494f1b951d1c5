"""Dialog lines: filled, varied, and mistakes found when the skill is loaded."""

import random
from itertools import pairwise
from pathlib import Path

import pytest

from assistant.errors import SkillError
from assistant.skills.dialogs import DialogError, Dialogs, fill, sentence


def dialogs(folder: Path, **files: str) -> Dialogs:
    place = folder / "locale" / "en"
    place.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (place / name.replace("__", ".")).write_text(text)
    return Dialogs(folder, "en", choose=random.Random(7))


def test_values_become_words_and_plurals_follow_the_count() -> None:
    line = "{count} {count: timer | timers}"
    assert [fill(line, {"count": count}, "en") for count in (0, 1, 2)] == ["zero timers", "one timer", "two timers"]


def test_one_of_several_lines_but_never_the_same_twice_running(tmp_path: Path) -> None:
    lines = dialogs(tmp_path, hi__dialog="a\nb\n# no line\n\nc\n")
    said = [lines.render("hi", {}) for _ in range(50)]
    assert set(said) == {"a", "b", "c"}
    assert all(one != other for one, other in pairwise(said))


def test_sentences_begin_with_a_capital() -> None:
    assert sentence("it's done. go on! ok? iPod 3.5 x") == "It's done. Go on! Ok? IPod 3.5 x"


def test_a_value_is_never_read_as_a_template(tmp_path: Path) -> None:
    assert fill("{name} timer", {"name": "{secret} {0.__class__}"}, "en") == "{secret} {0.__class__} timer"


def test_a_missing_reply_or_value_names_file_and_next_step(tmp_path: Path) -> None:
    lines = dialogs(tmp_path, hi__dialog="hello {name}")
    with pytest.raises(DialogError, match=r"no reply 'bye'.*Add bye\.dialog; there are: hi"):
        lines.render("bye", {})
    with pytest.raises(DialogError, match=r"hi\.dialog: the reply needs a value for 'name'"):
        lines.render("hi", {"nam": "x"})


@pytest.mark.parametrize("text", ["", "# only a comment", "hello {name", "hello {na me}", "{count: one}"])
def test_a_reply_that_cannot_be_read_is_found_at_once(tmp_path: Path, text: str) -> None:
    with pytest.raises(SkillError):
        dialogs(tmp_path, hi__dialog=text)


def test_a_table_is_texts_to_texts(tmp_path: Path) -> None:
    assert dialogs(tmp_path, place__yaml="norway: 1\nno: 12-25\n").table("place")["norway"] == "1"
    with pytest.raises(SkillError):
        dialogs(tmp_path, place__yaml="- a").table("place")
