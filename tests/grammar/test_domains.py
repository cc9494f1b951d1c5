"""Skills as strangers write them: capitals, digits, abbreviations, names, 500 contacts, a folder laid out as of old."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from assistant.grammar.folder import read_sentences
from assistant.grammar.network import build
from assistant.grammar.sentences import SkillSentences
from assistant.grammar.words import words
from assistant.stt.reading import read

DOMAINS = Path(__file__).parents[1] / "domains"
SAID = yaml.safe_load((DOMAINS / "spoken.yaml").read_text(encoding="utf-8"))


def sentences(skill: str) -> SkillSentences:
    return read_sentences(skill, DOMAINS / skill, "en")


@pytest.mark.parametrize("skill", SAID)
def test_what_is_said_to_it_is_labelled_with_its_own_intents_and_entries(skill: str) -> None:
    known = sentences(skill)
    network = build([known], "en")
    for text, intent, slots in SAID[skill]:
        assert intent in known.intents, text
        for name, said in slots.items():
            lines = known.entities.get(name)
            assert lines is None or said in lines or any(mark in line for line in lines for mark in "(["), (text, said)
        whole = read(network, words(text))
        assert whole is None or whole.intents[0] == f"{skill}.{intent}", text
