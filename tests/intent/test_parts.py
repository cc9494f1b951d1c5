"""Several requests in one sentence and corrections: as data, and that no text makes more than it holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.grammar.words import words
from assistant.intent.engine import Match
from assistant.intent.parts import MOST_PARTS, requests
from assistant.intent.template_engine import TemplateEngine
from tests.intent.conftest import DATA, NOW, house, load

SAID = load(DATA / "parts.yaml")


@pytest.fixture(scope="module")
def engine() -> TemplateEngine:
    engine = TemplateEngine()
    engine.learn(house())
    return engine


@pytest.mark.parametrize("case", SAID, ids=[case["say"] for case in SAID])
def test_what_is_meant(engine: TemplateEngine, case: dict[str, Any]) -> None:
    def understand(text: str) -> Match | None:
        return next(iter(engine.match(text, "en", NOW)), None)

    assert [words(part) for part in requests(case["say"], understand, "en")] == [words(part) for part in case["meant"]]


_WORDS = st.lists(st.sampled_from(["and", "then", "no", "sorry", "go", "stop", "left", "i", "mean"]), max_size=14)


@settings(max_examples=80, deadline=None)
@given(_WORDS, st.sets(st.sampled_from(["go", "stop", "go left", "left", "stop and go", "and"])))
def test_whatever_is_said_each_part_is_understood_and_short_words_cost_little(said: list[str], known: set[str]) -> None:
    asked = 0

    def understand(text: str) -> Match | None:
        nonlocal asked
        asked += 1
        return Match(intent=f"x.{text}", skill="x", slots=(), confidence=0.95) if text in known else None

    text = " ".join(said)
    found = requests(text, understand, "en")
    assert found == (text,) or all(part in known for part in found)
    assert 1 <= len(found) <= MOST_PARTS
    assert asked <= 48


def test_a_sentence_that_fits_exactly_is_left_alone() -> None:
    def understand(text: str) -> Match:
        return Match(intent="x.y", skill="x", slots=(), confidence=1.0)

    assert requests("go and stop no left", understand, "en") == ("go and stop no left",)


def test_a_language_without_joints_has_one_request_a_sentence() -> None:
    def understand(text: str) -> Match:
        return Match(intent="x.y", skill="x", slots=(), confidence=0.95)

    assert requests("los und stopp", understand, "de") == ("los und stopp",)
