"""Everything that can be said of a skill folder without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.errors import SkillError
from assistant.grammar.folder import languages, read_sentences
from assistant.skills.check_sentences import read_errors
from assistant.skills.dialogs import Dialogs, placeholders
from assistant.skills.manifest import FILE, Manifest, read_manifest
from assistant.skills.permissions import wanted
from assistant.skills.settings import meant

_SENTENCES = Path("tests", "sentences.yaml")
_SAYING = ("say", "reply", "ask")
_STORE_OWNERS = ("self", "self.context", "context")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. An `error` keeps the skill from being loaded or makes it fail; a `warning` does not."""

    level: Literal["error", "warning"]
    problem: str
    where: str
    hint: str = ""

    def __str__(self) -> str:
        return str(SkillError(self.problem, where=self.where, hint=self.hint))


def check(folder: Path) -> list[Finding]:
    """Look at manifest, sentences, replies and code of a skill. Errors come first."""
    try:
        manifest = read_manifest(folder)
    except SkillError as error:
        return [_error(error)]
    found = [*_languages(folder, manifest)]
    if manifest.has_code:
        try:
            found += _code(folder, manifest)
        except SkillError as error:
            found.append(_error(error))
        if not (folder / _SENTENCES).is_file():
            where = str(folder / _SENTENCES)
            found.append(Finding("warning", "there are no test sentences", where, "See docs/skills.md"))
    if not any(each.level == "error" for each in found) and (folder / _SENTENCES).is_file():
        read = [read_sentences(manifest.id, folder, language) for language in languages(folder)]
        intents = {name for each in read for name in (*each.intents, *each.follows)}
        found += map(_error, read_errors(folder / _SENTENCES, intents))
    try:
        wanted(manifest, {name: setting.default for name, setting in manifest.settings.items()})
    except SkillError as error:
        found.append(Finding("error", error.problem, str(folder / FILE), error.hint))
    return sorted(found, key=lambda each: each.level)


def _error(error: SkillError) -> Finding:
    return Finding("error", error.problem, error.where, error.hint)


def _languages(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    present = languages(folder)
    for language in manifest.languages:
        if language.split("-")[0].lower() not in present:
            hint = f"Create locale/{language}, or remove it from 'languages'"
            yield Finding("error", f"there are no sentences in '{language}'", str(folder / "locale"), hint)
    for language in present:
        try:
            if not read_sentences(manifest.id, folder, language).intents:
                yield Finding("warning", "no .intent file", str(folder / "locale" / language))
            Dialogs(folder, language)
        except SkillError as error:
            yield _error(error)


def _code(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    trees = {path: _parse(path) for path in sorted(folder.glob("*.py"))}
    entry = folder / f"{manifest.file}.py"
    classes = {node.name: node for node in trees[entry].body if isinstance(node, ast.ClassDef)}
    if manifest.cls not in classes:
        hint = meant(manifest.cls, classes) if classes else "Write one that derives from Skill"
        yield Finding("error", f"there is no class {manifest.cls}", str(entry), hint)
        return
    yield from _stores(folder, manifest, trees)
    handlers = dict(
        handler
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for handler in _handlers(node, manifest.id)
    )
    for language in languages(folder):
        sentences = read_sentences(manifest.id, folder, language)
        intents = {**dict.fromkeys(sentences.follows, "follow"), **dict.fromkeys(sentences.intents, "intent")}
        for name, kind in intents.items():
            if name not in handlers:
                hint = f'Add a method marked @intent("{name}"), or remove the file'
                yield Finding("error", f"no handler for {language}/{name}.{kind}", str(entry), hint)
        for name, line in handlers.items():
            if intents and name not in intents:
                hint = f"Add locale/{language}/{name}.intent"
                yield Finding("error", f"the intent '{name}' has no sentences", f"{entry}:{line}", hint)
        for path, tree in trees.items():
            yield from _replies(path, tree, Dialogs(folder, language), language)
    for path, tree in trees.items():
        for module, line in _imports(tree):
            if module.split(".")[0] == "assistant" and module != "assistant.skills.api":
                hint = "Import only assistant.skills.api; all else may change at any time"
                yield Finding("warning", f"it imports {module}", f"{path}:{line}", hint)


def _stores(folder: Path, manifest: Manifest, trees: Mapping[Path, ast.Module]) -> Iterator[Finding]:
    """A store that is used and not declared, or the other way round."""
    used = [
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "store" and ast.unparse(node.value) in _STORE_OWNERS
    ]
    if used and manifest.store is None:
        hint = f"Add to {FILE}: store: {{holds: what it remembers, retention: until when}}"
        yield Finding("error", f"it stores something, and {FILE} does not say so", used[0], hint)
    if not used and manifest.store is not None:
        yield Finding("warning", "it declares a store and uses none", str(folder / FILE), "Remove 'store'")


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise SkillError("this is no Python", where=f"{path}{line}", hint="Fix the line") from error


def _handlers(cls: ast.ClassDef, identity: str) -> Iterator[tuple[str, int]]:
    for method in cls.body:
        for mark in getattr(method, "decorator_list", ()):
            if isinstance(mark, ast.Call) and ast.unparse(mark.func).split(".")[-1] == "intent":
                for name in mark.args:
                    if isinstance(name, ast.Constant) and isinstance(name.value, str):
                        yield name.value.removeprefix(f"{identity}."), method.lineno


def _replies(path: Path, tree: ast.Module, dialogs: Dialogs, language: str) -> Iterator[Finding]:
    """Replies named in the code that are not there, or that need a value which the code does not give."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="self"), attr=method),
                args=[ast.Constant(value=str() as name), *_],
                keywords=given,
            ) if method in _SAYING:
                where = f"{path}:{node.lineno}"
                if not dialogs.lines(name):
                    hint = meant(name, dialogs.names) if dialogs.names else f"Add {name}.dialog"
                    yield Finding("error", f"there is no {language}/{name}.dialog", where, hint)
                yield from _values(given, dialogs.lines(name), f"{language}/{name}.dialog", where)


def _values(
    given: list[ast.keyword], lines: tuple[str, ...], dialog: str, where: str
) -> Iterator[Finding]:  # fmt: skip
    names = {keyword.arg for keyword in given}
    if None in names:  # **values: not known before it runs
        return
    for line in lines:
        for missing in sorted(placeholders(line) - {str(name) for name in names}):
            yield Finding("error", f"{dialog} needs a value for '{missing}'", where, f"Pass {missing}=...")


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((each.name, node.lineno) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno
