"""Language as data: what is said to the skills of house.yaml, what nobody can do, and that there is enough of it."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.intent.engine import Match
from assistant.intent.template_engine import TemplateEngine
from tests.intent.conftest import DATA, NOW, bundled, everything, house, load, out_of_scope

SAID = load(DATA / "house.yaml")["sentences"]


@pytest.fixture(scope="module")
def engine() -> TemplateEngine:
    engine = TemplateEngine()
    engine.learn(house())
    return engine


@pytest.fixture(scope="module")
def all_of_them() -> TemplateEngine:
    engine = TemplateEngine()
    engine.learn(everything())
    return engine


@pytest.mark.parametrize("case", SAID, ids=[case["say"] for case in SAID])
def test_a_sentence_is_understood(engine: TemplateEngine, case: dict[str, Any]) -> None:
    best = engine.match(case["say"], "en", NOW)[0]
    assert best.intent == case["intent"]
    assert meant(best) == {name: number(value) for name, value in case.get("slots", {}).items()}
    assert (best.confidence == 1.0) == ("exact" in case)


def test_nothing_out_of_scope_starts_anything(all_of_them: TemplateEngine) -> None:
    acts = {text: found[0].intent for text in out_of_scope() if (found := all_of_them.match(text, "en", NOW))}
    assert acts == {}


def test_what_is_tested_is_much_and_much_of_it_is_in_no_template(all_of_them: TemplateEngine) -> None:
    in_scope = [case["say"] for case in SAID]
    for name in ("unforeseen.yaml", "unforeseen_more.yaml"):
        in_scope += [text for texts in load(DATA / name).values() for text in texts]
    nobody = out_of_scope()
    for file in sorted((DATA.parents[2] / "skills").glob("*/tests/sentences.yaml")):
        for case in load(file):
            (nobody if case["intent"] in ("", "null") else in_scope).append(case["say"])
    matches = [all_of_them.match(text, "en", NOW) for text in in_scope]
    foreseen = sum(bool(found) and found[0].confidence == 1.0 for found in matches)
    values = [each for each in load(DATA / "values.yaml").values() if isinstance(each, dict)]
    assert len(in_scope) + len(nobody) >= 600
    assert len(in_scope) - foreseen >= 150
    assert len(nobody) >= 120
    assert sum(map(len, values)) >= 200


def test_every_bundled_skill_is_among_those_that_are_tested() -> None:
    assert {each.skill for each in bundled()} <= {each.skill for each in everything()}


def meant(match: Match) -> dict[str, float | str | None]:
    return {slot.name: slot.value for slot in match.slots}


def number(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value
