"""What is particular to the template engine: which of several readings counts, and what it forgets."""

from __future__ import annotations

import gc

import pytest

from assistant.errors import SkillError
from assistant.intent.engine import Match, SkillSentences
from assistant.intent.template_engine import TemplateEngine
from tests.intent.conftest import NOW


def match(text: str, *, entities: dict[str, tuple[str, ...]] | None = None, **intents: str) -> list[Match]:
    engine = TemplateEngine()
    lines = {name: tuple(each.split(" / ")) for name, each in intents.items()}
    engine.learn([SkillSentences(skill="x", language="en", intents=lines, entities=entities or {})])
    return engine.match(text, "en", NOW)


def value(match: Match, name: str) -> float | str | None:
    return next(slot.value for slot in match.slots if slot.name == name)


def test_words_written_out_beat_free_text() -> None:
    (found,) = match("play the news", any="play {song}", news="play the news")
    assert found.intent == "x.news"


def test_a_typed_slot_beats_free_text() -> None:
    (found,) = match(
        "cancel the ten minute timer", name="cancel the {name} timer", length="cancel the {duration} timer"
    )
    assert found.intent == "x.length"


def test_a_list_entry_beats_free_text_even_with_a_small_word_put_in() -> None:
    entities = {"label": ("egg", "pasta")}
    best = match("set an egg to timer", entities=entities, set="set (a|an) {label} timer / set (a|an) {name} timer")[0]
    assert value(best, "label") == "egg"


def test_free_text_keeps_all_its_words() -> None:
    (found,) = match("play let it be by the beatles", play="play {song} by {artist}")
    assert (value(found, "song"), value(found, "artist")) == ("let it be", "the beatles")


@pytest.mark.parametrize(
    ("said", "spelled"),
    [("new york", "New York"), ("the big apple", "the Big Apple"), ("nyc", "NYC"), ("knew york", "New York")],
)
def test_an_entry_comes_as_the_skill_spells_it(said: str, spelled: str) -> None:
    places = {"place": ("New York", "[the] (Big Apple|NYC)")}
    best = match(f"weather in {said} please", entities=places, now="weather in {place} please")[0]
    assert value(best, "place") == spelled
    assert best.slots[0].spoken.text == said


def test_what_was_said_keeps_its_spelling() -> None:
    (found,) = match("Add Ben & Jerry's to my list!", add="add {item} to my list")
    assert value(found, "item") == "Ben & Jerry's"


def test_on_and_off_are_never_guessed() -> None:
    found = match(
        "turn the lamp", on="turn on the lamp / turn the lamp on", off="turn off the lamp / turn the lamp off"
    )
    assert found == []


def test_two_readings_of_one_text_are_both_told() -> None:
    found = match("stop the music", one="stop the music", two="stop the (music|radio)")
    assert [each.intent for each in found] == ["x.one", "x.two"]


def test_no_reading_is_exact_that_leaves_a_word_out() -> None:
    assert match("please stop the music now", stop="stop the music")[0].confidence < 1.0
    assert match("stop the music", stop="stop the music")[0].confidence == 1.0


def test_tangled_sentences_are_refused_with_their_file() -> None:
    with pytest.raises(SkillError, match="too long") as caught:
        match("x", endless=" ".join(["word"] * 200))
    assert caught.value.where == "x/endless.intent"


def test_nothing_that_was_asked_is_kept() -> None:
    engine = TemplateEngine()
    engine.learn([SkillSentences(skill="x", language="en", intents={"a": ("play {song}",)}, entities={})])
    engine.match("play " + "xylo" + "phonic", "en", NOW)
    gc.collect()
    kept = [each for each in gc.get_objects() if isinstance(each, dict | list | tuple | set)]
    assert not any("xylophonic" in each for each in kept if each is not kept)
