"""From a skill folder to its class: imported by place, under a name used once, so that it can be loaded anew."""

from __future__ import annotations

import importlib
import itertools
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from assistant.errors import SkillError
from assistant.grammar.sentences import SkillSentences
from assistant.skills.api import Skill
from assistant.skills.manifest import FILE, Manifest

_numbers = itertools.count(1)
_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Code:
    """A loaded class. `handlers` is intent name -> method name."""

    package: str
    cls: type[Skill]
    handlers: Mapping[str, str]
    questions: frozenset[str] = frozenset()
    """Intents that change nothing."""
    risky: frozenset[str] = frozenset()
    """Intents that are done only when there is no doubt."""

    def forget(self) -> None:
        """Remove its modules, so that nothing of this load is found again."""
        for name in [each for each in sys.modules if each == self.package or each.startswith(f"{self.package}.")]:
            del sys.modules[name]


def read_code(folder: Path) -> Mapping[Path, bytes]:
    """The skill's modules. Raises SkillError for one that cannot be read, or too many."""
    found: dict[Path, bytes] = {}
    for path in sorted(folder.rglob("*.py")):
        try:
            found[path] = path.read_bytes()
        except OSError as error:
            raise SkillError(
                f"cannot be read ({error.strerror})", where=str(path), hint="Look at its rights"
            ) from error
    if sum(map(len, found.values())) > _LARGEST:
        raise SkillError("too much code", where=str(folder), hint=f"Keep it under {_LARGEST >> 20} MB")
    return found


def load_code(
    manifest: Manifest, folder: Path, sentences: SkillSentences, sources: Mapping[Path, bytes] | None = None
) -> Code:
    """Import the skill, and check that it answers its sentences. Runs its code: call it on the skill's own thread.

    `sources` is what `read_code` found, for a process that cannot read files any more.
    Raises SkillError with file and line for whatever is wrong with the skill.
    """
    package = f"assistant_skill_{manifest.id.replace('-', '_')}_{next(_numbers)}"
    finder = _Finder(package, folder, read_code(folder) if sources is None else sources)
    root = ModuleType(package)
    root.__path__ = [str(folder)]
    sys.modules[package] = root
    sys.meta_path.insert(0, finder)
    code, complete = Code(package, Skill, {}), False
    try:
        module = importlib.import_module(f"{package}.{manifest.file}")
        cls = getattr(module, manifest.cls, None)
        if not (isinstance(cls, type) and issubclass(cls, Skill)):
            raise SkillError(
                f"{manifest.file}.py has no class {manifest.cls} that derives from Skill",
                where=str(folder / FILE),
                hint="Fix 'entry', or derive the class from assistant.skills.api.Skill",
            )
        handlers = _handlers(cls, manifest.id)
        questions, risky = (_marked(cls, handlers, mark) for mark in ("__question__", "__risky__"))
        code = Code(package, cls, handlers, questions, risky)
        _check_handlers(code, manifest, sentences)
        complete = True
    except SkillError:
        raise
    except (Exception, SystemExit) as error:  # foreign code may raise anything while it is imported
        raise SkillError(
            f"{type(error).__name__}: {error}", where=place(error, folder), hint="Fix the skill"
        ) from error
    finally:
        if sources is None:
            sys.meta_path.remove(finder)
        if not complete:
            code.forget()
    return code


def place(error: BaseException, folder: Path) -> str:
    """`file:line` of the innermost line of the skill that an exception went through. Shows nothing that was said."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(folder):
        return f"{Path(error.filename).relative_to(folder)}:{error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).is_relative_to(folder):
            return f"{Path(frame.filename).relative_to(folder)}:{frame.lineno}"
    return FILE


def _handlers(cls: type[Skill], identity: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for method in dir(cls):
        for name in getattr(getattr(cls, method, None), "__intents__", ()):
            short = str(name).removeprefix(f"{identity}.")
            if found.setdefault(short, method) != method:
                raise SkillError(
                    f"two handlers for the intent '{short}'",
                    where=cls.__qualname__,
                    hint=f"{found[short]} and {method}",
                )
    return found


def _marked(cls: type[Skill], handlers: Mapping[str, str], mark: str) -> frozenset[str]:
    return frozenset(name for name, method in handlers.items() if getattr(getattr(cls, method), mark, False))


def _check_handlers(code: Code, manifest: Manifest, sentences: SkillSentences) -> None:
    said = {**dict.fromkeys(sentences.follows, "follow"), **dict.fromkeys(sentences.intents, "intent")}
    for name, kind in said.items():
        if name not in code.handlers:
            raise SkillError(
                f"no handler for {name}.{kind}",
                where=f"{manifest.file}.py",
                hint=f'Add a method marked @intent("{name}"), or remove the file',
            )
    if said:
        for name, method in code.handlers.items():
            if name not in said:
                raise SkillError(
                    f"{method} answers the intent '{name}', which has no sentences",
                    where=f"{manifest.file}.py",
                    hint=f"Add locale/{sentences.language}/{name}.intent",
                )


class _Source(SourceFileLoader):
    """Always compiles: a bytecode cache would be a file written beside the skill, and could be older than its edit."""

    def __init__(self, fullname: str, path: str, source: bytes) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._source, self.get_filename(fullname))


class _Finder(MetaPathFinder):
    """Finds the modules of one skill folder, under one package name."""

    def __init__(self, package: str, folder: Path, sources: Mapping[Path, bytes]) -> None:
        self._prefix = f"{package}."
        self._folder = folder
        self._sources = sources

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(self._prefix):
            return None
        inside = self._folder.joinpath(*fullname.removeprefix(self._prefix).split("."))
        package = inside / "__init__.py"
        file = package if package in self._sources else inside.with_suffix(".py")
        if file not in self._sources:
            return None
        return spec_from_file_location(
            fullname,
            file,
            loader=_Source(fullname, str(file), self._sources[file]),
            submodule_search_locations=[str(inside)] if file == package else None,
        )
