"""A skill's locale folder: `locale/<language>/*.intent` and `*.entity`, as Mycroft and OpenVoiceOS lay it out. Where a
folder has none, `vocab/<language>` as older skills have it; else its own `*.intent` files, which serve any language.

`*.follow` holds what people say to go on from an answer ("and tomorrow?"); it leads to the intent of the same name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from assistant.errors import SkillError
from assistant.grammar.sentences import KINDS, SkillSentences, slot_type
from assistant.grammar.templates import Choice, Node, Sequence, SlotRef, is_blank, parse_line, slots
from assistant.messages.base import SlotKind

_LARGEST = 1_000_000
_LOCALES = ("locale", "vocab")


def languages(folder: Path) -> tuple[str, ...]:
    """The languages a skill folder has sentences for, as two letters or as its folders are named."""
    return tuple(sorted({path.name.lower().split("-")[0] for path in _language_folders(folder)}))


def locale_folder(folder: Path, language: str) -> Path | None:
    """The skill's folder for a language: `en`, `en-us` and `en-US` all serve "en"; an exact name is preferred.
    Sentences that lie in the skill's folder itself are taken as they are."""
    if _is_flat(folder):
        return folder
    wanted = language.lower().replace("_", "-")
    best: tuple[int, str, Path] | None = None
    for path in _language_folders(folder):
        name = path.name.lower().replace("_", "-")
        if name == wanted:
            rank = 0
        elif name == wanted.split("-")[0]:
            rank = 1
        elif name.split("-")[0] == wanted.split("-")[0]:
            rank = 2
        else:
            continue
        best = min(best, (rank, name, path)) if best else (rank, name, path)
    return best[2] if best else None


def read_sentences(skill: str, folder: Path, language: str) -> SkillSentences:
    """Read and check the sentences of the skill in `folder`. A skill without this language has none.

    Raises SkillError with file, line and column for a line that cannot be read, or a slot whose type is unknown.
    """
    place = locale_folder(folder, language)
    intents = dict(_read(place, ".intent")) if place else {}
    follows = dict(_read(place, ".follow")) if place else {}
    listed = dict(_read(place, ".entity")) if place else {}
    kinds = {
        name: pattern for name, lines in listed.items() if (pattern := _stands_for([line for _, _, line in lines]))
    }
    entities = {
        name: [each for each in lines if not _NUMBERS.fullmatch(each[2])]
        for name, lines in listed.items()
        if name not in kinds
    }
    for sentences in (intents, follows):
        for name, lines in sentences.items():
            sentences[name] = [(file, number, _typed(line, kinds)) for file, number, line in lines]
    for kind, sentences in (("intent", intents), ("follow", follows)):
        for name, lines in sentences.items():
            for file, number, line in lines:
                _check_slots(parse_line(line, file=file, number=number), entities, f"{file}:{number}")
            if not lines:
                raise SkillError(
                    "no sentence in this file", where=f"{place}/{name}.{kind}", hint="Add one, or remove the file"
                )
    for lines in entities.values():
        for file, number, line in lines:
            if any(True for _ in slots(parse_line(line, file=file, number=number))):
                raise SkillError(
                    "a list entry cannot hold a slot", where=f"{file}:{number}", hint="Write the words out"
                )
    return SkillSentences(
        skill=skill,
        language=language,
        intents={name: tuple(line for _, _, line in lines) for name, lines in intents.items()},
        entities={name: tuple(line for _, _, line in lines) for name, lines in entities.items()},
        follows={name: tuple(line for _, _, line in lines) for name, lines in follows.items()},
    )


_Lines = list[tuple[str, int, str]]

_NUMBERS = re.compile(r"#+")
_ANY_WORDS = re.compile(r":0(\s+:0)*")
_SLOT = re.compile(r"(\{+\s*)([\w-]+)(?:\s*:\s*([\w-]+))?(?=\s*\})")


def _stands_for(lines: list[str]) -> SlotKind | None:
    """A list of other assistants may hold patterns alone: `#`, `##` are numbers, `:0`, `:0 :0` any words."""
    if lines and all(_NUMBERS.fullmatch(line) for line in lines):
        return "number"
    return "text" if lines and all(_ANY_WORDS.fullmatch(line) for line in lines) else None


def _typed(line: str, kinds: Mapping[str, SlotKind]) -> str:
    """A sentence whose slots say themselves what such a list would have said of them."""

    def typed(found: re.Match[str]) -> str:
        kind = kinds.get(found[3] or found[2])
        return f"{found[1]}{found[2]}:{kind}" if kind else found[0]

    return _SLOT.sub(typed, line) if kinds else line


def has_sentences(folder: Path) -> bool:
    """Whether a skill's sentences can be looked for here."""
    return _locales(folder) is not None or _is_flat(folder)


def _locales(folder: Path) -> Path | None:
    """The folder that has one folder for each language."""
    return next((folder / name for name in _LOCALES if (folder / name).is_dir()), None)


def _is_flat(folder: Path) -> bool:
    """Whether the sentences lie in the skill's folder itself."""
    return _locales(folder) is None and any(folder.glob("*.intent"))


def _language_folders(folder: Path) -> Iterator[Path]:
    locale = _locales(folder)
    if locale is not None:
        yield from sorted(path for path in locale.iterdir() if path.is_dir())


def _read(place: Path, suffix: str) -> Iterator[tuple[str, _Lines]]:
    """Each file's name without suffix, and its lines with file and line number. Folders inside are read too."""
    for path in sorted(place.rglob(f"*{suffix}")):
        try:
            if path.stat().st_size > _LARGEST:
                raise SkillError("this file is too large", where=str(path), hint="Keep it under 1 MB")
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SkillError(f"cannot be read ({error})", where=str(path), hint="Save it as UTF-8 text") from error
        lines = [
            (str(path), number, line.strip())
            for number, line in enumerate(text.splitlines(), 1)
            if not is_blank(line) or (suffix == ".entity" and _NUMBERS.fullmatch(line.strip()))
        ]
        yield path.name.removesuffix(suffix), lines


def _check_slots(node: Node, entities: dict[str, _Lines], where: str) -> None:
    for slot in slots(node):
        if slot_type(slot, entities) is None:
            known = ", ".join(kind for kind in KINDS if kind != "list")
            raise SkillError(
                f"slot '{slot.name}' has the unknown type '{slot.type}'",
                where=where,
                hint=f"Use one of {known}, or the name of an .entity file",
            )
    for left, right in neighbours(node):
        if _is_text(left, entities) and _is_text(right, entities):
            raise SkillError(
                f"'{{{left.name}}}' and '{{{right.name}}}' stand side by side, and both take any words",
                where=where,
                hint="Put a word between them, or give one of them a type or an .entity file",
            )


def _is_text(slot: SlotRef, entities: dict[str, _Lines]) -> bool:
    found = slot_type(slot, entities)
    return found is not None and found.kind == "text"


def neighbours(node: Node) -> set[tuple[SlotRef, SlotRef]]:
    """Pairs of slots that can follow one another with no word between."""
    pairs: set[tuple[SlotRef, SlotRef]] = set()
    _ends(node, pairs)
    return pairs


_Ends = tuple[frozenset[SlotRef], frozenset[SlotRef], bool]
"""Slots that can come first, slots that can come last, and whether nothing at all can be said."""


def _ends(node: Node, pairs: set[tuple[SlotRef, SlotRef]]) -> _Ends:
    match node:
        case SlotRef():
            return frozenset({node}), frozenset({node}), False
        case Choice(options):
            each = [_ends(option, pairs) for option in options]
            first: frozenset[SlotRef] = frozenset().union(*(one[0] for one in each))
            last: frozenset[SlotRef] = frozenset().union(*(one[1] for one in each))
            return first, last, any(one[2] for one in each)
        case Sequence(parts):
            first, last, empty = frozenset(), frozenset(), True
            for part in parts:
                opens, closes, can_skip = _ends(part, pairs)
                pairs.update((left, right) for left in last for right in opens)
                first = first | opens if empty else first
                last = last | closes if can_skip else closes
                empty = empty and can_skip
            return first, last, empty
        case _:
            return frozenset(), frozenset(), False
