"""Language as data: what is said to the skills of house.yaml, and what nobody can do."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.intent.engine import Match
from assistant.intent.template_engine import TemplateEngine
from tests.intent.conftest import DATA, NOW, bundled, house, load, out_of_scope

SAID = load(DATA / "house.yaml")["sentences"]


@pytest.fixture(scope="module")
def engine() -> TemplateEngine:
    engine = TemplateEngine()
    engine.learn([*house(), *bundled()])
    return engine


@pytest.mark.parametrize("case", SAID, ids=[case["say"] for case in SAID])
def test_a_sentence_is_understood(engine: TemplateEngine, case: dict[str, Any]) -> None:
    best = engine.match(case["say"], "en", NOW)[0]
    assert best.intent == case["intent"]
    assert meant(best) == {name: number(value) for name, value in case.get("slots", {}).items()}
    assert (best.confidence == 1.0) == ("exact" in case)


def test_nothing_out_of_scope_starts_anything(engine: TemplateEngine) -> None:
    acts = {text: found[0].intent for text in out_of_scope() if (found := engine.match(text, "en", NOW))}
    assert acts == {}
    assert len(out_of_scope()) >= 120


def meant(match: Match) -> dict[str, float | str | None]:
    return {slot.name: slot.value for slot in match.slots}


def number(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value
