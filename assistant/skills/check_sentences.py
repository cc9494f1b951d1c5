"""What can be said of a skill's test sentences (`tests/sentences.yaml`) without saying them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from assistant.config.document import Mapping, Node, Scalar, Sequence, parse
from assistant.errors import ConfigError, SkillError
from assistant.skills.settings import meant

_KEYS = ("say", "intent", "slots", "reply")
_NONE = ("null", "~", "")
_HINT = "Write a list of - say: ..., intent: ..."


def read_errors(file: Path, intents: Collection[str]) -> Iterator[SkillError]:
    """The mistakes in `file`; `intents` are those the skill has sentences for."""
    try:
        document = parse(file.read_text(encoding="utf-8-sig"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        yield SkillError(f"cannot be read ({error})", where=str(file), hint="Save it as UTF-8 text")
        return
    except ConfigError as error:
        yield SkillError(error.problem, where=error.where, hint=error.hint)
        return
    if not isinstance(document, Sequence):
        yield SkillError("this is no list of sentences", where=str(file), hint=_HINT)
        return
    for each in document.items:
        yield from _case(each, intents)


def _case(case: Node, intents: Collection[str]) -> Iterator[SkillError]:
    if not isinstance(case, Mapping):
        yield SkillError("this is no sentence", where=case.where, hint=_HINT)
        return
    keys = {key.text: value for key, value in case.pairs}
    for name in ("say", "intent"):
        if name not in keys:
            yield SkillError(f"'{name}' is missing", where=case.where, hint=_HINT)
    for name in keys:
        if name not in _KEYS:
            yield SkillError(f"unknown key '{name}'", where=case.where, hint=meant(name, _KEYS))
    intent = keys.get("intent")
    if isinstance(intent, Scalar) and not (intent.plain and intent.text in _NONE) and intent.text not in intents:
        hint = meant(intent.text, intents) if intents else "Add its .intent file"
        yield SkillError(f"there is no intent '{intent.text}'", where=intent.where, hint=hint)
