"""Real speech along the sentences of skills the recogniser has never seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from assistant.audio.frame import RATE, Samples
from assistant.grammar.sentences import SkillSentences
from assistant.stt.engine import Hypothesis
from assistant.stt.guided import Trace, start
from assistant.stt.moonshine_engine import MoonshineEngine, greedy

from .conftest import Speak

GARDEN = SkillSentences(
    skill="garden",
    language="en",
    intents={
        "water": ("[please] water the {bed} for {duration}", "water the {bed}"),
        "frost": ("will there be frost (tonight|tomorrow)",),
        "level": ("set the pump to {percentage}",),
        "note": ("write into the diary {text}",),
    },
    entities={"bed": ("dahlias", "runner beans", "bed number sixteen", "herb spiral")},
)


@pytest.fixture(scope="module")
def engine() -> Iterator[MoonshineEngine]:
    engine = MoonshineEngine()
    engine.start()
    engine.learn([GARDEN])
    yield engine
    engine.close()


def hear(engine: MoonshineEngine, sound: Samples, wake_word: str = "") -> Hypothesis:
    engine.begin(wake_word=wake_word)
    engine.accept(sound)
    return engine.finish()


def slots(heard: Hypothesis) -> dict[str, str]:
    assert heard.meaning is not None
    return {slot.name: slot.words for slot in heard.meaning.slots}


@pytest.mark.parametrize(
    ("spoken", "intent", "values"),
    [
        ("Water the dahlias for twenty five minutes.", "water", {"bed": "dahlias", "duration": "twenty five minutes"}),
        ("Water bed number sixteen?", "", {}),
        ("Water the bed number sixteen.", "water", {"bed": "bed number sixteen"}),
        ("Please water the runner beans for an hour and a half.", "water",
         {"bed": "runner beans", "duration": "an hour and a half"}),
        ("Will there be frost tonight?", "frost", {}),
        ("Set the pump to eighty percent.", "level", {"percentage": "eighty percent"}),
        ("Write into the diary the first roses are open.", "note", {"text": "the first roses are open"}),
    ],
)  # fmt: skip
def test_the_meaning_comes_from_the_sentence(
    engine: MoonshineEngine, english: Speak, spoken: str, intent: str, values: dict[str, str]
) -> None:
    heard = hear(engine, english(spoken))
    if not intent:
        return
    assert heard.meaning is not None
    assert (heard.meaning.intent, heard.meaning.skill) == (f"garden.{intent}", "garden")
    assert slots(heard) == values
    assert heard.meaning.score > 0.5
    assert heard.meaning.gap > 0


@pytest.mark.parametrize("spoken", ["The weather was lovely yesterday.", "Do you like cheese?"])
def test_other_speech_stays_free_text(engine: MoonshineEngine, english: Speak, spoken: str) -> None:
    heard = hear(engine, english(spoken))
    assert heard.meaning is None
    assert heard.text


def test_noise_is_no_sentence(engine: MoonshineEngine) -> None:
    noise = np.random.default_rng(3).normal(0, 800, 2 * RATE)
    noise[RATE : RATE + 4000] *= 4
    assert hear(engine, noise.astype(np.int16)).meaning is None


def test_a_wake_word_in_the_same_breath_is_passed_over(engine: MoonshineEngine, english: Speak) -> None:
    heard = hear(engine, english("Hey Mycroft, will there be frost tomorrow?"), "hey_mycroft")
    assert heard.meaning is not None
    assert heard.text == "will there be frost tomorrow"


@pytest.mark.parametrize(
    ("spoken", "outlook"),
    [
        ("Set the pump to eighty percent.", {"closed"}),
        ("Water the dahlias.", {"likely", "over"}),
        ("Will there be frost", {"open"}),
    ],
)
def test_it_knows_whether_a_sentence_could_go_on(
    engine: MoonshineEngine, english: Speak, spoken: str, outlook: set[str]
) -> None:
    engine.begin()
    engine.accept(english(spoken))
    assert engine.outlook() in outlook
    settled = engine.finish(settled=True)
    assert (settled.meaning is None) == (outlook == {"open"})


def test_the_longer_nothing_follows_the_more_a_sentence_is_over(engine: MoonshineEngine, english: Speak) -> None:
    engine.begin()
    engine.accept(english("Water the dahlias."))
    engine.outlook()
    engine.accept(np.zeros(RATE // 2, np.int16))
    assert engine.glance() == "over"
    assert engine.finish(settled=True).text == "water the dahlias"


def test_a_glance_before_anything_was_heard_says_nothing(engine: MoonshineEngine) -> None:
    engine.begin()
    assert engine.glance() == "unknown"


def test_a_glance_does_not_end_what_cannot_end_yet(engine: MoonshineEngine, english: Speak) -> None:
    engine.begin()
    engine.accept(english("Will there be frost"))
    engine.outlook()
    engine.accept(np.zeros(RATE // 2, np.int16))
    assert engine.glance() not in ("closed", "over")


def test_sound_that_adds_no_words_does_not_keep_it_listening(engine: MoonshineEngine, english: Speak) -> None:
    rng = np.random.default_rng(5)
    engine.begin()
    engine.accept(english("Water the dahlias."))
    engine.outlook()
    engine.accept(rng.normal(0, 60, RATE // 2).astype(np.int16))
    assert engine.outlook() == "over"
    assert engine.finish(settled=True).text == "water the dahlias"


def test_what_one_view_has_missed_another_finds(engine: MoonshineEngine, english: Speak) -> None:
    model, guide = engine._model, engine._guide
    assert model is not None and guide is not None
    traces = []
    for spoken in ("Water the dahlias.", "Set the pump to eighty percent."):
        sound = english(spoken)
        begun = start(model, model.encode(sound))
        free = greedy(model, begun, 30)
        traces.append(Trace(begun.heard, free, 0, *guide.follow(begun, free, len(sound))))
    other, right = traces
    blind = replace(right, result=other.result)
    understood = guide.understand(*guide.together([blind, right]))
    assert understood is not None and understood.text == "set the pump to eighty percent"


def test_forgotten_sentences_are_not_heard_any_more(english: Speak) -> None:
    engine = MoonshineEngine()
    engine.start()
    engine.learn([GARDEN])
    engine.learn([])
    heard = hear(engine, english("Will there be frost tonight?"))
    assert heard.meaning is None
    assert "frost" in heard.text.lower()
    engine.close()


def test_words_of_a_sentence_come_before_the_same_words_in_a_slot(english: Speak) -> None:
    engine = MoonshineEngine()
    engine.start()
    days = SkillSentences(
        skill="days",
        language="en",
        intents={"today": ("what's the date today",), "other": ("what's the date [on] {date}",)},
        entities={},
    )
    engine.learn([days])
    heard = hear(engine, english("What's the date today?"))
    assert heard.meaning is not None
    assert heard.meaning.intent == "days.today"
    assert heard.meaning.gap > 0.5
    engine.close()


def test_a_sentence_with_little_evidence_must_be_clear(engine: MoonshineEngine, english: Speak) -> None:
    guide, model = engine._guide, engine._model
    assert guide is not None and model is not None
    sound = english("Will there be frost tonight?")
    begun = start(model, model.encode(sound))
    result, fit = guide.follow(begun, greedy(model, begun, 30), len(sound))
    assert fit is not None and guide.understand(result, fit) is not None
    unclear = replace(fit, tokens=3, logp=-3.0, free_logp=-3.0, prior=-9.0)
    clear = replace(fit, tokens=3, logp=-0.3, free_logp=-0.3, prior=-7.0)
    assert guide.understand(result, unclear) is None
    assert guide.understand(result, clear) is not None
