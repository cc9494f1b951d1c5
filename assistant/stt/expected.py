"""What a dialogue expects to hear next, as a small grammar of its own beside the skills' sentences.

The answer to "for how long?" is most likely a length of time. It is looked for among the answers alone, where noise
finds nothing to be mistaken for, and also among all sentences: who answers with another request is understood too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from assistant.errors import EngineError
from assistant.grammar.sentences import SkillSentences
from assistant.grammar.sound import FOLDER
from assistant.grammar.words import words

LIST = "list:"
"""`list:NAME` expects an entry of the list NAME of the skill that asked."""
SKILL = "expected"
"""Whose sentences the answers are."""
PRIOR = 3.0
"""How much less likely (natural logarithm) an expected answer may be than a request that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Kinds of answers (keys of the language's answers, or `list:NAME`), the skill that asked, and words to choose
    from."""

    kinds: tuple[str, ...] = ()
    skill: str = ""
    options: tuple[str, ...] = ()


ANYTHING = Expected()


def answers(expected: Expected, skills: Sequence[SkillSentences], language: str) -> SkillSentences | None:
    """The sentences of these answers; None when the language has none. Raises EngineError for a damaged file."""
    frames = _frames(language.split("-")[0])
    lines: list[str] = []
    entities: dict[str, tuple[str, ...]] = {}
    options = [" ".join(words(option)) for option in expected.options]
    for kind in expected.kinds:
        if kind.startswith(LIST):
            name = kind.removeprefix(LIST)
            entries = next((each.entities.get(name, ()) for each in skills if each.skill == expected.skill), ())
            entities[name] = entries
            lines += [frame.replace("{option}", f"{{{name}}}") for frame in frames.get("option", ()) if entries]
        else:
            lines += frames.get(kind, ())
    if any(options):
        entities["option"] = tuple(filter(None, options))
        lines += frames.get("option", ())
    if not lines:
        return None
    return SkillSentences(skill=SKILL, language=language, intents={"answer": tuple(lines)}, entities=entities)


@cache
def _frames(language: str) -> Mapping[str, Sequence[str]]:
    file = FOLDER / f"{language}.answers.yaml"
    if not file.is_file():
        return {}
    try:
        data: dict[str, list[str]] = yaml.safe_load(file.read_text(encoding="utf-8"))
        return {str(kind): [str(line) for line in lines] for kind, lines in data.items()}
    except (OSError, ValueError, AttributeError, TypeError, yaml.YAMLError) as error:
        raise EngineError("the answers cannot be read", where=str(file), hint="Install the program again") from error
