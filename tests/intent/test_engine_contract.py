"""What every intent engine promises, on the fake and on all real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.errors import SkillError
from assistant.intent.classifier_engine import ClassifierEngine
from assistant.intent.engine import IntentEngine, SkillSentences
from assistant.intent.padatious_engine import PadatiousEngine
from assistant.intent.template_engine import TemplateEngine
from assistant.testing.intent import FakeIntentEngine
from tests.intent.conftest import NOW, TREE, out_of_scope

LAMP = SkillSentences(
    skill="lamp",
    language="en",
    intents={
        "bright": (
            "make the lamp {level} percent bright",
            "put the {room} lamp at {level} percent",
            "put the lamp in the {room} at {level} percent",
            "lamp bright {level}",
        ),
        "off": ("switch the lamp off", "turn the lamp off now", "lamp off (now|please)"),
    },
    entities={"level": ("ten", "fifty"), "room": ("kitchen", "living room")},
)
BELL = SkillSentences(
    skill="bell",
    language="en",
    intents={
        "ring": ("ring the bell in {duration}", "ring the bell for {duration}", "bell in {duration}"),
        "silent": ("keep the bell silent [today]", "silence the bell (now|today|)", "no bell sounds today"),
    },
    entities={},
)
Make = Callable[[Path], IntentEngine]
MAKERS: dict[str, Make] = {
    "fake": lambda folder: FakeIntentEngine(),
    "templates": lambda folder: TemplateEngine(),
    "classifier": lambda folder: ClassifierEngine(folder, 60.0),
    "classifier with meaning": lambda folder: ClassifierEngine(folder, 60.0, TREE / "models"),
    "padatious": lambda folder: PadatiousEngine(folder, 60.0),
}


@pytest.fixture(scope="module", params=MAKERS)
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], IntentEngine]:
    folder = tmp_path_factory.mktemp(request.param.replace(" ", "-"))
    return lambda: MAKERS[request.param](folder)


@pytest.fixture(scope="module")
def engine(make: Callable[[], IntentEngine]) -> Iterator[IntentEngine]:
    engine = make()
    engine.start()
    engine.learn([LAMP, BELL])
    yield engine
    engine.close()


def test_knows_nothing_before_it_learned(make: Callable[[], IntentEngine]) -> None:
    engine = make()
    engine.start()
    assert engine.match("switch the lamp off", "en", NOW) == []
    engine.learn([])
    assert engine.match("switch the lamp off", "en", NOW) == []
    engine.close()


def test_understands_what_it_learned(engine: IntentEngine) -> None:
    (match,) = engine.match("switch the lamp off", "en", NOW)
    assert (match.intent, match.skill, match.slots) == ("lamp.off", "lamp", ())
    assert 0 < match.confidence <= 1


def test_fills_a_list_slot(engine: IntentEngine) -> None:
    match = engine.match("put the living room lamp at fifty percent", "en", NOW)[0]
    assert match.intent == "lamp.bright"
    slots = {slot.name: slot for slot in match.slots}
    assert (slots["room"].kind, slots["room"].spoken.text, slots["room"].value) == (
        "list",
        "living room",
        "living room",
    )
    assert slots["level"].value == "fifty"


def test_fills_a_typed_slot(engine: IntentEngine) -> None:
    match = engine.match("ring the bell in five minutes", "en", NOW)[0]
    (slot,) = match.slots
    assert (match.intent, slot.name, slot.kind, slot.value) == ("bell.ring", "duration", "duration", 300)
    assert slot.spoken.text == "five minutes"


@pytest.mark.parametrize(
    "text", ["", "   ", "?!", "put the marble lamp at fifty percent", "ring the bell in purple minutes"]
)
def test_does_not_guess(engine: IntentEngine, text: str) -> None:
    assert engine.match(text, "en", NOW) == []


def test_out_of_scope_is_never_acted_on(engine: IntentEngine) -> None:
    assert [text for text in out_of_scope() if engine.match(text, "en", NOW)] == []


def test_survives_any_text(engine: IntentEngine) -> None:
    for text in ("word " * 2000, "💡 🔔 off", "\x00\ud7ff", "{duration}", "lamp" * 500, "9" * 5000):
        assert engine.match(text, "en", NOW) == []


def test_another_language_is_not_understood(engine: IntentEngine) -> None:
    assert engine.match("switch the lamp off", "de", NOW) == []


def test_a_broken_template_is_refused_and_what_was_learned_stays(engine: IntentEngine) -> None:
    broken = SkillSentences(skill="broken", language="en", intents={"x": ("go (to",)}, entities={})
    with pytest.raises(SkillError):
        engine.learn([LAMP, BELL, broken])
    assert engine.match("switch the lamp off", "en", NOW)


def test_forgets_a_skill_that_is_gone(make: Callable[[], IntentEngine]) -> None:
    engine = make()
    engine.start()
    engine.learn([LAMP, BELL])
    engine.learn([BELL])
    assert engine.match("switch the lamp off", "en", NOW) == []
    assert engine.match("silence the bell now", "en", NOW)
    engine.close()


def test_can_be_closed_and_started_again(make: Callable[[], IntentEngine]) -> None:
    engine = make()
    engine.close()
    engine.start()
    engine.learn([BELL])
    assert engine.match("silence the bell now", "en", NOW)
    engine.close()
    assert engine.match("silence the bell now", "en", NOW) == []
