"""Skills to understand: those of house.yaml, and the bundled ones."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from assistant.grammar.folder import read_sentences
from assistant.grammar.sentences import SkillSentences

TREE = Path(__file__).parents[2]
DATA = TREE / "tests" / "sentences" / "en"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


def house() -> list[SkillSentences]:
    return [
        SkillSentences(
            skill=name,
            language="en",
            intents={intent: tuple(lines) for intent, lines in skill["intents"].items()},
            entities={entity: tuple(lines) for entity, lines in skill.get("entities", {}).items()},
        )
        for name, skill in load(DATA / "house.yaml")["skills"].items()
    ]


def bundled() -> list[SkillSentences]:
    """All that the assistant comes with."""
    folders = sorted(path.parent for path in (TREE / "skills").glob("*/skill.yaml"))
    return [read_sentences(folder.name, folder, "en") for folder in folders]


def everything() -> list[SkillSentences]:
    """The bundled skills, and those of house.yaml that none of them takes the place of: heating is the home's."""
    ours = bundled()
    taken = {each.skill for each in ours} | {"thermostat"}
    return [*ours, *(each for each in house() if each.skill not in taken)]


def out_of_scope() -> list[str]:
    data = load(DATA / "out_of_scope.yaml")
    return [*data["far"], *data["near"]]


@pytest.fixture(scope="session")
def all_skills() -> list[SkillSentences]:
    return everything()
