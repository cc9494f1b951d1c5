"""How people take a value back while they say it ("five, no, six minutes"), and how they join requests."""

from __future__ import annotations

from functools import cache

import yaml

from assistant.errors import EngineError
from assistant.grammar.automaton import Automaton, compile_templates
from assistant.grammar.sound import FOLDER
from assistant.grammar.templates import choice, parse_lines
from assistant.grammar.words import words


@cache
def read_corrections(language: str) -> Automaton | None:
    """What stands between the value that was taken back and the one that counts; None for a language without a file.

    Raises EngineError for a damaged file.
    """
    return _read(language, "inside")


@cache
def read_joints(language: str) -> Automaton | None:
    """What stands between two requests in one sentence; None for a language without a file. Raises EngineError."""
    return _read(language, "joints")


def _read(language: str, what: str) -> Automaton | None:
    path = FOLDER / f"{language.lower().split('-')[0]}.between.yaml"
    if not path.is_file():
        return None
    try:
        lines = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)[what]
    except (KeyError, TypeError, yaml.YAMLError) as error:
        raise EngineError(f"cannot be used ({error!r})", where=str(path), hint="Compare it with en's") from error
    return compile_templates([choice(parse_lines(lines, path.name))], path.name)


def corrected(text: str, language: str) -> str:
    """The words of a value without what was taken back; the text itself where nothing was."""
    automaton = read_corrections(language)
    if automaton is None:
        return text
    said = words(text)
    start = 0
    for at in range(1, len(said)):
        longest = _longest(automaton, said[at:]) if at >= start else 0
        if longest and at + longest < len(said):
            start = at + longest
    return " ".join(said[start:]) if start else text


def _longest(automaton: Automaton, said: tuple[str, ...]) -> int:
    """How many words from the first on are a correction."""
    state, longest = automaton.start, 0
    for count, word in enumerate(said, 1):
        after = automaton.words[state].get(word)
        if after is None:
            break
        state = after
        if automaton.final[state]:
            longest = count
    return longest
