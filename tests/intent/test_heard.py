"""What was understood while listening is acted on as it is."""

from __future__ import annotations

from datetime import UTC, datetime

from assistant.intent.engine import Match
from assistant.intent.heard import heard
from assistant.messages import Meaning, Slot, Spoken

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MEANING = Meaning(
    intent="timer.set",
    skill="timer",
    slots=(
        Slot(name="duration", spoken=Spoken("ten minutes"), kind="duration"),
        Slot(name="label", spoken=Spoken("tea")),
    ),
    score=0.9,
    gap=9.0,
)


def test_values_are_filled_in_from_the_words_of_each_slot() -> None:
    match = heard(MEANING, [], "en", NOW)
    assert (match.intent, match.skill, match.confidence) == ("timer.set", "timer", 1.0)
    assert {slot.name: slot.value for slot in match.slots} == {"duration": 600, "label": "tea"}


def test_a_second_reading_that_disagrees_does_not_count() -> None:
    other = Match(intent="alarm.set", skill="alarm", slots=(), confidence=1.0)
    fewer = Match(intent="timer.set", skill="timer", slots=(), confidence=1.0)
    assert heard(MEANING, [other, fewer], "en", NOW).intent == "timer.set"
    assert len(heard(MEANING, [other, fewer], "en", NOW).slots) == 2


def test_a_second_reading_that_agrees_gives_the_skills_own_spelling() -> None:
    slots = tuple(
        Slot(name=slot.name, spoken=slot.spoken, value="Tea" if slot.name == "label" else 600.0)
        for slot in MEANING.slots
    )
    match = heard(MEANING, [Match(intent="timer.set", skill="timer", slots=slots, confidence=0.7)], "en", NOW)
    assert match.confidence == 1.0
    assert match.slots[1].value == "Tea"
