"""The sentences of a skill, and what its slots may hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from assistant.grammar.templates import SlotRef
from assistant.messages.base import SlotKind

KINDS: tuple[SlotKind, ...] = get_args(SlotKind)
TYPED: tuple[SlotKind, ...] = tuple(kind for kind in KINDS if kind not in ("text", "list"))
"""The kinds that have a grammar of their own: number, percentage, duration, time, date, datetime."""

_ALIASES: Mapping[str, SlotKind] = {
    "int": "number", "integer": "number", "float": "number", "percent": "percentage",
    "any": "text", "string": "text", "str": "text", "wildcard": "text",
}  # fmt: skip
"""What other systems call the kinds."""
_FOLLOW = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillSentences:
    """The sentences of one skill in one language, as read from `locale/<language>/`."""

    skill: str
    language: str
    intents: Mapping[str, tuple[str, ...]]
    """Intent name (file name without `.intent`) -> template lines."""
    entities: Mapping[str, tuple[str, ...]]
    """Entity name (file name without `.entity`) -> template lines."""
    follows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Intent name (file name without `.follow`) -> template lines that lead to it just after the skill has answered."""

    @property
    def follow_ups(self) -> SkillSentences:
        """The sentences that go on from an answer, as a skill's own."""
        return replace(self, intents=self.follows, follows={})


@dataclass(frozen=True, slots=True)
class SlotType:
    """What a slot may hold; `entity` names the list when `kind` is "list"."""

    kind: SlotKind
    entity: str = ""


def slot_type(slot: SlotRef, entities: Mapping[str, object]) -> SlotType | None:
    """What a slot may hold. None when its declared type is neither a kind nor an entity.

    In this order: the type declared after the colon (a kind, or the name of an entity); the skill's own entity of
    the slot's name; a kind that is the slot's name or its part before the first `_` (`duration`, `time_from`); text.
    """
    if slot.type:
        return _named(slot.type, entities)
    return _named(slot.name, entities) or _kind(slot.name.partition("_")[0]) or SlotType("text")


def primary(language: str) -> str:
    """What sentences are told apart by: "en" of "en-GB" or "en_US"."""
    return language.lower().replace("_", "-").split("-")[0]


def by_language(skills: Iterable[SkillSentences]) -> dict[str, list[SkillSentences]]:
    """Those that have sentences of their own, by primary language."""
    found: dict[str, list[SkillSentences]] = {}
    for each in skills:
        if each.intents:
            found.setdefault(primary(each.language), []).append(each)
    return found


def intent_id(skill: str, intent: str) -> str:
    """How an intent is called outside its skill: `skill.intent`."""
    return f"{skill}.{intent}"


def follow_id(skill: str, intent: str) -> str:
    """How a recogniser calls the follow-up sentences of an intent; see `is_follow`."""
    return f"{intent_id(skill, intent)}{_FOLLOW}"


def is_follow(intent: str) -> bool:
    """Whether this is no intent, but sentences that only go on from an answer."""
    return intent.endswith(_FOLLOW)


def _named(name: str, entities: Mapping[str, object]) -> SlotType | None:
    if name in entities:
        return SlotType("list", name)
    return _kind(name)


def _kind(name: str) -> SlotType | None:
    for kind in KINDS:
        if kind == name and kind != "list":
            return SlotType(kind)
    return SlotType(_ALIASES[name]) if name in _ALIASES else None
