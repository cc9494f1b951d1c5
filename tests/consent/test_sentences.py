"""The privacy commands are understood, and mean what people mean."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.clock import SystemClock
from assistant.consent.purposes import load_purposes
from assistant.consent.service import LOCALE
from assistant.consent.words import Words
from assistant.consent.yes import DAYS
from assistant.grammar.folder import read_sentences
from assistant.intent.template_engine import TemplateEngine

TREE = Path(__file__).resolve().parents[2]
CASES = yaml.safe_load(Path(__file__).with_name("sentences.yaml").read_text())


@pytest.fixture(scope="module")
def engine() -> TemplateEngine:
    engine = TemplateEngine()
    engine.start()
    skills = [read_sentences(name, TREE / "skills" / name, "en") for name in ("clock", "timer", "help")]
    own = [read_sentences("privacy", LOCALE, "en"), read_sentences("dialog", TREE / "assistant" / "dialog", "en")]
    engine.learn([*own, *skills])
    return engine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["say"])
def test_what_people_say(engine: TemplateEngine, case: dict[str, Any]) -> None:
    found = engine.match(case["say"].lower(), "en", SystemClock().now())
    best = found[0] if found else None
    if case["intent"] is None:
        assert best is None or best.skill != "privacy"
        return
    assert best is not None
    assert best.intent == f"privacy.{case['intent']}"
    assert not [one for one in found[1:] if one.skill != "privacy" and best.confidence - one.confidence < 0.05]
    slots = {slot.name: slot for slot in best.slots}
    if "purpose" in case:
        assert Words("en").purpose(slots["purpose"].spoken.text) == case["purpose"]
    for name, size in (("days", 86_400), ("hours", 3_600)):
        if name in case:
            assert slots["duration"].value == case[name] * size


def test_every_purpose_people_can_name_exists() -> None:
    words = Words("en")
    for spoken in ("false alarms", "my voice", "the words of my requests", "usage counts", "my wake words"):
        assert words.purpose(spoken) in load_purposes()
    assert words.purpose("bananas") == ""
    assert min(purpose.max_days for purpose in load_purposes().values()) >= DAYS
