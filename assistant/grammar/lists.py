"""Lists of words that a skill fills while it runs: names of lamps, of timers, of pieces of music."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping

from assistant.grammar.sentences import SkillSentences

MOST = 500
"""Entries of one list."""
LONGEST = 80
"""Characters of one entry; more is no name that anyone says."""
LARGEST = 32 * 1024
"""Bytes of one list, which travels in one message."""

Lists = Mapping[tuple[str, str], tuple[str, ...]]
"""Skill and entity -> its entries."""

_SYNTAX = re.compile(r"[^\w\s'&.+-]+")


def clean(entries: Iterable[str]) -> tuple[str, ...]:
    """Entries as a list can hold them: without what means something in a template, each once, as many as fit."""
    found: dict[str, str] = {}
    size = 0
    for entry in entries:
        words = " ".join(_SYNTAX.sub(" ", entry).split())
        if not any(map(str.isalnum, words)) or len(words) > LONGEST or words.lower() in found:
            continue
        size += len(words.encode()) + 16
        if len(found) >= MOST or size > LARGEST:
            break
        found[words.lower()] = words
    return tuple(found.values())


def with_lists(sentences: SkillSentences, lists: Lists) -> SkillSentences:
    """The same sentences with the lists that were filled; those that are empty stay as their files have them."""
    changed = {
        entity: lists[sentences.skill, entity] for entity in sentences.entities if lists.get((sentences.skill, entity))
    }
    return dataclasses.replace(sentences, entities={**sentences.entities, **changed}) if changed else sentences
