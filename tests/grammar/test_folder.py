"""Reading the sentences of a skill's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SkillError
from assistant.grammar.folder import has_sentences, languages, locale_folder, read_sentences
from assistant.grammar.sentences import SlotType, slot_type
from assistant.grammar.templates import SlotRef, parse_line, slots


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["en", "en-us", "en-US", "en_GB", "EN"])
def test_every_usual_name_of_the_language_folder_is_found(tmp_path: Path, name: str) -> None:
    write(tmp_path / "locale" / name, go__intent="go\n# no\n\nrun [now]\n", place__entity="rome\nnew york\n")
    found = read_sentences("walk", tmp_path, "en")
    assert found.intents == {"go": ("go", "run [now]")}
    assert found.entities == {"place": ("rome", "new york")}


def test_the_exact_language_is_preferred(tmp_path: Path) -> None:
    for name in ("en-us", "en", "de"):
        write(tmp_path / "locale" / name, go__intent="go")
    assert locale_folder(tmp_path, "en") == tmp_path / "locale" / "en"
    assert locale_folder(tmp_path, "en-US") == tmp_path / "locale" / "en-us"
    assert languages(tmp_path) == ("de", "en")


def test_a_skill_without_the_language_has_no_sentences(tmp_path: Path) -> None:
    write(tmp_path / "locale" / "de", go__intent="geh")
    assert read_sentences("walk", tmp_path, "en").intents == {}
    assert read_sentences("walk", tmp_path / "absent", "en").intents == {}


def test_older_skills_keep_their_sentences_in_another_folder(tmp_path: Path) -> None:
    write(tmp_path / "vocab" / "en-us", go__intent="go\n// nothing\nrun for {run-time:int} minutes\n")
    assert read_sentences("walk", tmp_path, "en").intents == {"go": ("go", "run for {run-time:int} minutes")}
    assert languages(tmp_path) == ("en",)
    write(tmp_path / "locale" / "en", go__intent="walk")
    assert read_sentences("walk", tmp_path, "en").intents == {"go": ("walk",)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("go <place>\n", "go.intent:1:4: '<place>' is another system's way to write a slot"),
        ("go\n# fine\ngo (to\n", "go.intent:3:4: '(' is never closed"),
        ("go {a} {b}\n", "go.intent:1: '{a}' and '{b}' stand side by side"),
        ("go {a} [now] {b}\n", "go.intent:1: '{a}' and '{b}' stand side by side"),
        ("go {a:planet}\n", "go.intent:1: slot 'a' has the unknown type 'planet'"),
        ("# nothing\n", "go.intent: no sentence in this file"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    write(tmp_path / "locale" / "en", go__intent=text)
    with pytest.raises(SkillError) as caught:
        read_sentences("walk", tmp_path, "en")
    assert problem in str(caught.value)


def test_typed_slots_and_lists_may_stand_side_by_side(tmp_path: Path) -> None:
    write(tmp_path / "locale" / "en", go__intent="go {place} {time} {rest}", place__entity="rome")
    assert read_sentences("walk", tmp_path, "en").intents["go"]


def test_a_slot_in_a_list_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "locale" / "en", go__intent="go {place}", place__entity="rome\n{place}")
    with pytest.raises(SkillError, match="cannot hold a slot"):
        read_sentences("walk", tmp_path, "en")


@pytest.mark.parametrize(
    ("slot", "expected"),
    [
        (SlotRef("duration"), SlotType("duration")),
        (SlotRef("time_from"), SlotType("time")),
        (SlotRef("time_zone"), SlotType("list", "time_zone")),
        (SlotRef("length", "duration"), SlotType("duration")),
        (SlotRef("home", "place"), SlotType("list", "place")),
        (SlotRef("place"), SlotType("list", "place")),
        (SlotRef("words"), SlotType("text")),
        (SlotRef("timeless"), SlotType("text")),
        (SlotRef("place", "text"), SlotType("text")),
        (SlotRef("home", "planet"), None),
        (SlotRef("minutes", "int"), SlotType("number")),
        (SlotRef("percent"), SlotType("percentage")),
        (SlotRef("words", "string"), SlotType("text")),
    ],
)
def test_how_a_slot_gets_its_type(slot: SlotRef, expected: SlotType | None) -> None:
    assert slot_type(slot, {"place": (), "time_zone": ()}) == expected


def test_sentences_in_the_skills_own_folder_serve_any_language(tmp_path: Path) -> None:
    write(tmp_path, go__intent="go {place}", place__entity="rome")
    assert read_sentences("walk", tmp_path, "en").intents == {"go": ("go {place}",)}
    assert has_sentences(tmp_path)
    write(tmp_path / "locale" / "en", go__intent="walk")
    assert read_sentences("walk", tmp_path, "en").intents == {"go": ("walk",)}


def test_patterns_in_place_of_a_list_are_numbers_or_any_words(tmp_path: Path) -> None:
    write(
        tmp_path / "locale" / "en-us",
        go__intent="go { steps } steps to {home:place}\nwait ## minutes\nmeet :0 :0 now",
        steps__entity="#\n##\n",
        place__entity=":0\n:0 :0\n",
        room__entity="####\nhall\n####\n",
    )
    found = read_sentences("walk", tmp_path, "en")
    assert found.intents["go"][0] == "go { steps:number } steps to {home:text}"
    assert found.entities == {"room": ("hall",)}
    wait, meet = (parse_line(line) for line in found.intents["go"][1:])
    assert [*slots(wait)] == [SlotRef("number", "number")]
    assert [*slots(meet)] == [SlotRef("words", "text")]
